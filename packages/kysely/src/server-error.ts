/** No class of SQLSTATE begins with E, as the codes of Node do (EPIPE). */
const sqlState = /^[0-9A-DF-Z][0-9A-Z]{4}$/

/** Whether the server answered with this error, in whatever driver: it has an SQLSTATE, or what a layer has wrapped has one. */
export function isOfServer(error: unknown): boolean {
  return sqlStateOf(error) !== undefined
}

/** The SQLSTATE of an error of the server, in whatever driver. */
export function sqlStateOf(error: unknown): string | undefined {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: { code?: unknown } | null }
  return [code, cause?.code].find((found): found is string => typeof found === 'string' && sqlState.test(found))
}
