import { CallbackError } from '../errors.ts'
import { formatCallSite, framesOf, isOwnFrame, readStack } from '../stack/call-site.ts'

/** Returns the error for a function of the application that threw `cause`, or whose promise was rejected with it. */
export function callbackFailure(callback: string, happened: 'threw' | 'rejected', cause: unknown): CallbackError {
  return new CallbackError(callback, happened, cause, siteOfFailure(cause))
}

/**
 * Returns the call site inside the function that failed. Frames below poolsafe's own belong to the call that poolsafe
 * was guarding, which did nothing wrong.
 */
function siteOfFailure(cause: unknown): string | undefined {
  if (typeof cause !== 'object' || cause === null) return undefined
  const frames = framesOf(readStack(cause)).split('\n')
  const own = frames.findIndex(isOwnFrame)
  return formatCallSite((own === -1 ? frames : frames.slice(0, own)).join('\n'))
}
