/**
 * Whether the server answered with this error: a DriverAdapterError that has the server's code. One of a value that the
 * adapter cannot read has none.
 */
export function isOfServer(error: unknown): boolean {
  return sqlStateOf(error) !== undefined
}

/** The server's SQLSTATE, as driver adapters tell it. */
export function sqlStateOf(error: unknown): string | undefined {
  const { name, cause } = (error ?? {}) as { name?: unknown; cause?: { originalCode?: unknown } | null }
  const code = cause?.originalCode
  return name === 'DriverAdapterError' && typeof code === 'string' ? code : undefined
}
