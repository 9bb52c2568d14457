/**
 * Loads a package that only some users need.
 *
 * @param load the `import()` itself, so that bundlers and type checkers see the package
 * @throws Error with the package to install if it is missing
 */
export async function loadOptional<Module>(
  name: string,
  purpose: string,
  load: () => Promise<Module>,
): Promise<Module> {
  try {
    return await load()
  } catch (cause) {
    if (!isMissing(cause, name)) throw cause
    throw new Error(
      `@poolsafe/testing/servers needs the package '${name}' ${purpose}; install it: npm install --save-dev ${name}`,
      {
        cause,
      },
    )
  }
}

function isMissing(error: unknown, name: string): boolean {
  const code = (error as { code?: unknown }).code
  const isNotFound = code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND'
  return isNotFound && error instanceof Error && error.message.includes(`'${name}'`)
}
