import { InvalidOptionError } from '../errors.ts'
import { checkBoolean, checkObject, namesOf, resolveFrom, type OptionTable } from '../options.ts'
import { statementLimitTable, type StatementLimitOptions, type StatementLimits } from './statement-limits.ts'

/**
 * The behaviour of a call that would have to wait while the server refuses connections and no connection is open:
 *
 * - `never`: it waits, at most for `acquireTimeoutMillis`
 * - `whileRefusing`: it fails immediately
 * - `afterMillis`: it fails immediately once the server has refused for this long
 */
export type FailFast = 'never' | 'whileRefusing' | { readonly afterMillis: number }

/** How long callers wait for connections, and how long they may hold them. Use `Infinity` to disable a limit. */
export interface CheckoutOptions extends StatementLimitOptions {
  /**
   * How long a call waits for a connection before it fails with an `AcquireTimeoutError`, in milliseconds. Within this
   * time poolsafe tries again to connect if that may help; with `Infinity` it does not. By default, this starts once a
   * server has answered the pool. Before that, a call to an address without a server fails immediately with the
   * driver's own error.
   * @default the pool's own `connectionTimeoutMillis`, else 10_000
   */
  readonly acquireTimeoutMillis?: number
  /**
   * Lets calls fail immediately with a `ServerRefusesError` while the server refuses connections and the pool has
   * none that could be released. At most once a second, one call still asks the server. During a restart of the server,
   * calls then fail instead of waiting for its end; `{ afterMillis: 3000 }` waits 3 s first. @default 'never'
   */
  readonly failFast?: FailFast
  /** How many calls may wait at once; one more call fails with a `QueueFullError`. @default Infinity */
  readonly maxWaiting?: number
  /**
   * A connection that is held longer is reported once, and again on release. In milliseconds. @default Infinity
   */
  readonly leakDetectionMillis?: number
  /**
   * A transaction that sends no statement for longer is reported once, because it blocks a server connection of the
   * pooler. In milliseconds; the report comes up to a quarter of the limit later. @default Infinity
   */
  readonly idleInTransactionMillis?: number
  /**
   * True if each checkout remembers the call site that asked for it; that costs 1 to 2 µs. Without it, poolsafe
   * remembers call sites from the second report of the same operation on. @default true in strict mode, else false
   */
  readonly callSites?: boolean
}

/** The limits with their defaults filled in. */
export interface CheckoutLimits extends StatementLimits {
  readonly acquireTimeoutMillis: number
  readonly failFast: FailFast
  /**
   * True if a call also waits for a server that has never answered: true if the application set a timeout or
   * `failFast`.
   */
  readonly waitsForFirstAnswer: boolean
  /** The pool's own message for a wait that took too long, if the application set the limit on the pool. */
  readonly timeoutWords?: string | undefined
  readonly maxWaiting: number
  readonly leakDetectionMillis: number
  readonly idleInTransactionMillis: number
  readonly callSites: boolean | undefined
}

/** The maximum of Node's timers: a longer one would fire immediately. */
const longestTimer = 2_147_483_647

const table: OptionTable<CheckoutOptions, CheckoutLimits> = {
  acquireTimeoutMillis: ({ acquireTimeoutMillis = 10_000 }) =>
    checkMillis('acquireTimeoutMillis', acquireTimeoutMillis),
  failFast: ({ failFast = 'never' }) => checkFailFast(failFast),
  maxWaiting: ({ maxWaiting = Infinity }) => checkCount('maxWaiting', maxWaiting),
  leakDetectionMillis: ({ leakDetectionMillis = Infinity }) => checkMillis('leakDetectionMillis', leakDetectionMillis),
  idleInTransactionMillis: ({ idleInTransactionMillis = Infinity }) =>
    checkMillis('idleInTransactionMillis', idleInTransactionMillis),
  callSites: ({ callSites }) => (callSites === undefined ? undefined : checkBoolean('callSites', callSites)),
  ...statementLimitTable,
}

/** The names of the options. */
export const checkoutOptionNames: readonly (keyof CheckoutOptions)[] = namesOf(table)

/**
 * Fills in the defaults.
 *
 * @param what the function that received the options, for messages: `guardPool()`
 * @throws InvalidOptionError for an unknown option, and for a limit that is negative, not a number or contradicts
 *   another
 */
export function resolveLimits(what: string, options: CheckoutOptions = {}): CheckoutLimits {
  const limits = resolveFrom(what, options, table)
  const { idleInTransactionMillis, leakDetectionMillis } = limits
  if (idleInTransactionMillis > leakDetectionMillis && idleInTransactionMillis !== Infinity) {
    const allowed = `at most leakDetectionMillis (${leakDetectionMillis}), by when the whole checkout is reported`
    throw new InvalidOptionError('idleInTransactionMillis', idleInTransactionMillis, allowed)
  }
  const waitsForFirstAnswer = options.acquireTimeoutMillis !== undefined || options.failFast !== undefined
  return { ...limits, waitsForFirstAnswer }
}

/** @throws InvalidOptionError for anything but a duration above 0 */
export function checkMillis(option: string, given: unknown): number {
  const isDuration = typeof given === 'number' && given > 0 && (given <= longestTimer || given === Infinity)
  if (isDuration) return given
  throw new InvalidOptionError(
    option,
    given,
    `a number of milliseconds above 0 and up to ${longestTimer}, or Infinity for never`,
  )
}

function checkFailFast(given: FailFast): FailFast {
  if (given === 'never' || given === 'whileRefusing') return given
  if (typeof given !== 'object' || given === null) {
    throw new InvalidOptionError(
      'failFast',
      given,
      "'never', 'whileRefusing' or { afterMillis: a number of milliseconds }",
    )
  }
  checkObject('failFast', given, ['afterMillis'])
  checkMillis('failFast.afterMillis', given.afterMillis)
  return given
}

function checkCount(option: string, given: unknown): number {
  if (typeof given === 'number' && given >= 0 && (Number.isInteger(given) || given === Infinity)) return given
  throw new InvalidOptionError(option, given, 'a whole number of at least 0, or Infinity for no bound')
}
