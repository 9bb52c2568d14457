/** No class of SQLSTATE begins with E, as the codes of Node do (EPIPE). */
const sqlState = /^[0-9A-DF-Z][0-9A-Z]{4}$/

/** The server's SQLSTATE in a failure, or in what was put in the place of the server's error; empty where there is none. */
export function sqlStateOf(error: unknown): string {
  const { code, cause } = (error ?? {}) as { code?: unknown; cause?: { code?: unknown } | null }
  const found = [code, cause?.code].find((each) => typeof each === 'string' && sqlState.test(each))
  return (found as string | undefined) ?? ''
}
