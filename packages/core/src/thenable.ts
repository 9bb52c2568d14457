/** Returns true for a promise, and for any object that starts or continues when it is awaited. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function'
  return isObject && typeof (value as { then?: unknown }).then === 'function'
}

/**
 * Awaits a result in the caller's async context and then calls `end`. Prisma's promises, and the queries of other
 * libraries, start only when they are awaited, so the scope that they belong to must await them inside itself.
 */
export async function awaitInside(result: PromiseLike<unknown>, end: () => void): Promise<unknown> {
  try {
    return await result
  } finally {
    end()
  }
}
