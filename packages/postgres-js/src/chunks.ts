import type { Query } from './driver.ts'
import { withoutHoles } from './outcome.ts'

/**
 * Watches the chunks of a cursor.
 *
 * @param ended called once: when all chunks are read, when the reader stops, or with the error
 */
export function untilEnd(
  chunks: AsyncIterableIterator<unknown>,
  ended: (error?: unknown) => void,
): AsyncIterableIterator<unknown> {
  const next = chunks.next.bind(chunks)
  const close = chunks.return?.bind(chunks)
  chunks.next = async () => {
    try {
      const result = await next()
      if (result.done === true) ended()
      return result
    } catch (error) {
      ended(error)
      throw error
    }
  }
  if (close !== undefined)
    chunks.return = async () => {
      ended()
      return close()
    }
  return chunks
}

/**
 * Fails the next read if the connection was lost while the application worked on a chunk. postgres.js would end the
 * cursor then, as if all rows had been read.
 *
 * @param failed returns the error for the application
 */
export function untilLost(
  query: Query,
  chunks: AsyncIterableIterator<unknown>,
  failed: (error: unknown) => unknown,
): AsyncIterableIterator<unknown> {
  const next = chunks.next.bind(chunks)
  let lost: { readonly error: unknown } | undefined
  chunks.next = async () => {
    const reading = next()
    // postgres.js sets it at each read.
    const { reject } = query
    query.reject = (error) => {
      lost ??= { error: failed(error) }
      reject(lost.error)
    }
    const result = await reading
    if (result.done === true && lost !== undefined) throw lost.error
    withoutHoles(result.value)
    return result
  }
  return chunks
}
