/** The named statements that a connection of pg remembers. */
interface Remembering {
  readonly parsedStatements?: Record<string, unknown>
  readonly submittedNamedStatements?: Record<string, unknown>
}

/** After DISCARD ALL: pg would send the names of statements that the server does not have any more. */
export function forgetPrepared(connection: object): void {
  const { parsedStatements = {}, submittedNamedStatements = {} } = connection as Remembering
  for (const prepared of [parsedStatements, submittedNamedStatements]) {
    for (const name of Object.keys(prepared)) Reflect.deleteProperty(prepared, name)
  }
}
