/** Whether the server answered with this error: a DriverAdapterError that has the server's code. One of a value that the adapter cannot read has none. */
export function isOfServer(error: unknown): boolean {
  const { name, cause } = (error ?? {}) as { name?: unknown; cause?: { originalCode?: unknown } | null }
  return name === 'DriverAdapterError' && typeof cause?.originalCode === 'string'
}
