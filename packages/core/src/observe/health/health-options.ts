import { checkMillis } from '../../checkout/limits.ts'
import { longestRecentMillis } from '../../measure/recent-count.ts'
import { InvalidOptionError } from '../../errors.ts'
import { checkBoolean, checkOneOf, resolveFrom, type OptionTable } from '../../options.ts'
import { problemKinds, type ProblemKind } from './health.ts'

/** Decides when a guard is healthy. */
export interface HealthOptions {
  /** Limit for the answer of a connection to `SELECT 1`, in milliseconds. @default 1000 */
  readonly pingTimeoutMillis?: number
  /** A call that has waited longer for a connection is a problem, in milliseconds. @default 1000 */
  readonly longestWaitMillis?: number
  /**
   * How long acquire timeouts, refused calls, deadlocks and connect failures count, in milliseconds with a resolution
   * of one second; at most 60,000.
   * @default 60_000
   */
  readonly recentMillis?: number
  /**
   * Lets a pool without connections open one for the ping; it stays in the pool. Otherwise such a pool counts as
   * healthy until a call fails.
   * @default true
   */
  readonly connect?: boolean
  /** Problems that are reported without making the guard unhealthy: `['leak']`. @default [] */
  readonly tolerate?: readonly ProblemKind[]
}

export type ResolvedHealthOptions = Required<HealthOptions>

const table: OptionTable<HealthOptions, ResolvedHealthOptions> = {
  pingTimeoutMillis: ({ pingTimeoutMillis }) => checkFinite('pingTimeoutMillis', pingTimeoutMillis ?? 1000),
  longestWaitMillis: ({ longestWaitMillis }) => checkMillis('longestWaitMillis', longestWaitMillis ?? 1000),
  recentMillis: ({ recentMillis }) => checkRecent(recentMillis ?? 60_000),
  connect: ({ connect }) => checkBoolean('connect', connect ?? true),
  tolerate: ({ tolerate }) => checkTolerated(tolerate ?? []),
}

/** @throws InvalidOptionError for an unknown option and for an invalid value */
export function resolveHealthOptions(given: HealthOptions = {}): ResolvedHealthOptions {
  return resolveFrom('health()', given, table)
}

/** Without a limit, the health check might never answer. */
function checkFinite(option: string, given: number): number {
  if (given === Infinity) throw new InvalidOptionError(option, given, 'a finite number of milliseconds')
  return checkMillis(option, given)
}

function checkRecent(given: number): number {
  if (typeof given === 'number' && given > 0 && given <= longestRecentMillis) return given
  throw new InvalidOptionError(
    'recentMillis',
    given,
    `a number of milliseconds above 0 and up to ${longestRecentMillis}`,
  )
}

function checkTolerated(given: readonly ProblemKind[]): readonly ProblemKind[] {
  if (!Array.isArray(given)) throw new InvalidOptionError('tolerate', given, `an array of ${problemKinds.join(', ')}`)
  return given.map((kind) => checkOneOf('tolerate', kind, problemKinds))
}
