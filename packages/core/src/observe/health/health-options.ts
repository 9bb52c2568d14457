import { checkMillis } from '../../checkout/limits.ts'
import { longestRecentMillis } from '../../measure/recent-count.ts'
import { InvalidOptionError } from '../../errors.ts'
import { checkBoolean, checkOneOf, resolveFrom, type OptionTable } from '../../options.ts'
import { problemKinds, type ProblemKind } from './health.ts'

/** When a guard is healthy. */
export interface HealthOptions {
  /** A connection that is asked for `SELECT 1` answers within this time, in milliseconds. @default 1000 */
  readonly pingTimeoutMillis?: number
  /** A call that has waited for longer for a connection is a problem, in milliseconds. @default 1000 */
  readonly longestWaitMillis?: number
  /**
   * How long acquire timeouts, refused calls, deadlocks and failures to connect count, in milliseconds, to the second;
   * 60,000 at most.
   * @default 60_000
   */
  readonly recentMillis?: number
  /**
   * Whether a pool that has no connection opens one, to ask it: it stays in the pool. Otherwise nothing is known of
   * such a pool, and it counts as healthy until a call fails. @default true
   */
  readonly connect?: boolean
  /** Problems that are told, and do not make it unhealthy: `['leak']`. @default [] */
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

/** @throws InvalidOptionError for an option that does not exist, and for one that cannot be */
export function resolveHealthOptions(given: HealthOptions = {}): ResolvedHealthOptions {
  return resolveFrom('health()', given, table)
}

/** A ping without a limit would be a health check that never answers. */
function checkFinite(option: string, given: number): number {
  if (given === Infinity) throw new InvalidOptionError(option, given, 'a number of milliseconds: an answer has to come')
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
