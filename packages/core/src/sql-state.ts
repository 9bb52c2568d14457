/** Five capitals or digits. No class of SQLSTATE begins with E, as the error names of Node do (`EPIPE`). */
const form = /^[0-9A-DF-Z][0-9A-Z]{4}$/

/** Whether an error's code is an SQLSTATE of a server, and no error name of Node. */
export function isSqlState(code: unknown): code is string {
  return typeof code === 'string' && form.test(code)
}

/**
 * The server's SQLSTATE in an error of a driver, or in the error that a layer has wrapped; `undefined` where there is
 * none.
 */
export function sqlStateOf(error: unknown): string | undefined {
  const { code, cause } = (error ?? {}) as {
    readonly code?: unknown
    readonly cause?: { readonly code?: unknown } | null
  }
  return [code, cause?.code].find(isSqlState)
}

/** Whether the server answered with this error, in whatever driver. */
export function isOfServer(error: unknown): boolean {
  return sqlStateOf(error) !== undefined
}
