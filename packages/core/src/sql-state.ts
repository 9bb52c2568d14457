/** Five capital letters or digits. No class of SQLSTATE begins with E, as the error codes of Node do (`EPIPE`). */
const form = /^[0-9A-DF-Z][0-9A-Z]{4}$/

/** Returns true if an error's code is an SQLSTATE and not an error code of Node. */
export function isSqlState(code: unknown): code is string {
  return typeof code === 'string' && form.test(code)
}

/**
 * Returns the SQLSTATE of a driver's error or of the error that it wraps; `undefined` if there is none.
 */
export function sqlStateOf(error: unknown): string | undefined {
  const { code, cause } = (error ?? {}) as {
    readonly code?: unknown
    readonly cause?: { readonly code?: unknown } | null
  }
  return [code, cause?.code].find(isSqlState)
}

/** Returns true if the error is the server's answer, in any driver. */
export function isOfServer(error: unknown): boolean {
  return sqlStateOf(error) !== undefined
}
