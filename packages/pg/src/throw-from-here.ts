import { AcquireTimeoutError, isPoolsafeError } from '@poolsafe/core'
import { isOwnFrame, takeStack } from '@poolsafe/core/adapter'

/**
 * Stacks that are taken for errors of one kind in one moment: the hundred-and-first of a crowd tells nothing new, and
 * delays the rest.
 */
const stacksAtOnce = 100
const momentMillis = 100
let stacksTaken = 0
let momentEnd = 0

/** As pg-pool does: a stack that leads back to whoever awaits this, in place of one that leads to a timer. */
export function throwFromHere(error: Error): never {
  if (error instanceof AcquireTimeoutError) {
    const now = performance.now()
    if (now > momentEnd) {
      momentEnd = now + momentMillis
      stacksTaken = 0
    }
    if (++stacksTaken > stacksAtOnce) throw error
  }
  // The reason of an abort may be anything.
  if (error instanceof Error) Error.captureStackTrace(error)
  throw error
}

/**
 * An error that the call itself meets: its stack leads to the caller, without frames of poolsafe, which would take the
 * room of the application's.
 */
export function traceToCaller(error: unknown, entry: (...args: never[]) => unknown): void {
  const isOurs = isPoolsafeError(error)
  if (isOurs || !(error instanceof Error)) return
  const frames = takeStack(entry)
    .split('\n')
    .filter((frame) => !isOwnFrame(frame))
  error.stack = `${error.name}: ${error.message}\n${frames.slice(0, Error.stackTraceLimit).join('\n')}`
}
