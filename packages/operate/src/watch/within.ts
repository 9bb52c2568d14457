import { DatabaseUnreadableError } from '../ask/ask.ts'

/**
 * Waits for an answer.
 *
 * @throws DatabaseUnreadableError if it takes longer
 */
export async function within<Result>(millis: number, answer: Promise<Result>): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DatabaseUnreadableError(`no answer within ${millis / 1000} s`)), millis)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
