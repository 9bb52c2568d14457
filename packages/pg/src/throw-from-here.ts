import { AcquireTimeoutError, isPoolsafeError } from '@poolsafe/core'
import { isOwnFrame, takeStack, performance } from '@poolsafe/core/internal'

/**
 * The maximum number of stacks captured for similar errors at the same moment. One more adds nothing new, and delays
 * the rest.
 */
const stacksAtOnce = 100
const momentMillis = 100
let stacksTaken = 0
let momentEnd = 0

/** Throws an error with a stack that leads to the awaiting caller instead of to a timer, as pg-pool does. */
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
 * Gives an error of the call itself a stack that leads to the caller. It leaves out the frames of poolsafe, which would
 * use up the room of the application's.
 */
export function traceToCaller(error: unknown, entry: (...args: never[]) => unknown): void {
  const isOurs = isPoolsafeError(error)
  if (isOurs || !(error instanceof Error)) return
  const frames = takeStack(entry)
    .split('\n')
    .filter((frame) => !isOwnFrame(frame))
  error.stack = `${error.name}: ${error.message}\n${frames.slice(0, Error.stackTraceLimit).join('\n')}`
}
