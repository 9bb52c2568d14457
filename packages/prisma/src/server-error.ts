/**
 * The server's SQLSTATE in a DriverAdapterError; `undefined` if the server did not answer with this error, such as for a
 * value that the adapter cannot read.
 */
export function sqlStateOf(error: unknown): string | undefined {
  const { name, cause } = (error ?? {}) as { name?: unknown; cause?: { originalCode?: unknown } | null }
  const code = cause?.originalCode
  return name === 'DriverAdapterError' && typeof code === 'string' ? code : undefined
}
