import type { Checkout } from './checkout.ts'
import { AcquireTimeoutError, QueueFullError, SelfDeadlockError, ServerRefusesError } from './errors.ts'
import type { ConnectionSource } from './connection-source.ts'
import { classifyFailure } from './failures.ts'
import { heldFrom } from './holding.ts'
import type { CheckoutLimits } from './limits.ts'
import type { NoConnection } from './no-connection-message.ts'
import { likelyCause, type Holder, type PoolState } from './pool-state.ts'
import { callSiteOf } from './call-sites.ts'

/** The maximum number of holders that an error names. */
const named = 5

/**
 * Returns the holders of connections, longest first, and the activity of those that held theirs during the whole wait.
 */
export function surveyHolders<Connection>(
  held: Iterable<Checkout<Connection>>,
  source: Pick<ConnectionSource<Connection>, 'activityOf' | 'unreadMillis'>,
  now: number,
  waitedMillis: number,
): Pick<PoolState, 'holders' | 'heldThroughout'> {
  const holders: Holder[] = []
  const heldThroughout = { running: 0, unread: 0, idleInTransaction: 0, idle: 0, unknown: 0 }
  for (const checkout of held) {
    const heldMillis = now - checkout.heldSince
    const activity = source.activityOf(checkout.connection as Connection)
    if (heldMillis >= waitedMillis * mostOfTheTime) heldThroughout[activity]++
    if (holders.length >= named) continue
    const unreadMillis = activity === 'unread' ? source.unreadMillis?.(checkout.connection as Connection) : undefined
    holders.push({ heldMillis, operation: checkout.operation, callSite: callSiteOf(checkout), activity, unreadMillis })
  }
  return { holders, heldThroughout }
}

/** A caller that acquired its connection at the same moment as the wait began has held it for slightly less. */
const mostOfTheTime = 0.75

/** A finished wait. */
export interface Wait {
  readonly waitedMillis: number
  /** How long this process could not read data that had arrived. */
  readonly busyMillis: number
}

const noWait: Wait = { waitedMillis: 0, busyMillis: 0 }

/** Returns the error of a call that waited too long. */
export function timeoutOf<Connection>(
  checkout: Checkout<Connection>,
  wait: Wait,
  pool: PoolState,
  refusal: Error | undefined,
  { acquireTimeoutMillis, timeoutWords }: Pick<CheckoutLimits, 'acquireTimeoutMillis' | 'timeoutWords'>,
): AcquireTimeoutError {
  const { ownLimitMillis } = checkout
  const limit =
    ownLimitMillis === undefined
      ? { millis: acquireTimeoutMillis, isOfCaller: false, words: timeoutWords }
      : { millis: ownLimitMillis, isOfCaller: true, words: undefined }
  return new AcquireTimeoutError(wait.waitedMillis, limit, describeCall(checkout, pool, refusal, wait), pool)
}

/** Returns the error of a call that fails because the server refuses connections and `failFast` says not to wait. */
export function refusedOf<Connection>(
  checkout: Checkout<Connection>,
  refusedMillis: number,
  pool: PoolState,
  refusal: Error | undefined,
): ServerRefusesError {
  return new ServerRefusesError(refusedMillis, describeCall(checkout, pool, refusal), pool)
}

/** Returns the error of a call that finds too many waiting callers. */
export function queueFullOf<Connection>(
  checkout: Checkout<Connection>,
  maxWaiting: number,
  pool: PoolState,
  refusal: Error | undefined,
): QueueFullError {
  return new QueueFullError(maxWaiting, describeCall(checkout, pool, refusal), pool)
}

/** Returns the error of a call that completes a deadlock. */
export function deadlockOf<Connection>(checkout: Checkout<Connection>, pool: PoolState): SelfDeadlockError {
  return new SelfDeadlockError(describeCall(checkout, pool), pool)
}

/** A call that holds more connections than this has not nested them: it forgot to release them. */
const deepestNesting = 2

/** @param refusal why the pool could not connect during the wait, for this call or another */
function describeCall<Connection>(
  checkout: Checkout<Connection>,
  pool: PoolState,
  refusal?: Error,
  { waitedMillis, busyMillis }: Wait = noWait,
): NoConnection {
  const { failure: own, operation, inside, state } = checkout
  const error = own ?? refusal
  const failure = error === undefined ? undefined : classifyFailure(error)
  const depth = inside === undefined ? 0 : [...heldFrom(inside)].length
  const holdsAnother = depth > 0 && depth <= deepestNesting
  const wasBusy = busyMillis > 0 && 2 * busyMillis >= waitedMillis
  const cause = likelyCause(pool, {
    holdsAnother,
    wasTaking: state === 'taking',
    failure,
    isOwnFailure: own !== undefined,
    wasBusy,
  })
  const call = { operation, callSite: callSiteOf(checkout), likelyCause: cause, busyMillis }
  const isOfConnecting = cause === 'serverRefuses' || cause === 'slowConnect'
  return isOfConnecting ? { ...call, error, failure } : { ...call, error: undefined, failure: undefined }
}
