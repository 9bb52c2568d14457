import type { LookupCounts } from '../analyze/analyze.ts'
import type { RuleCounts, GuardStatistics } from './statistics.ts'
import { Durations } from '../measure/durations.ts'
import type { Observer } from './observer.ts'
import { performance } from '../measure/real-time.ts'

/** Reported fingerprints, sorted by total time. */
const mostTold = 10

/** The statistics that a guard has apart from its observer. */
export interface Counted {
  /** On the clock of `performance.now()`. */
  readonly since: number
  /** Findings by rule, and what became of them. */
  readonly counts: { readonly [Fate in 'found' | 'allowed' | 'repaired' | 'moved']: Readonly<RuleCounts> }
  readonly lookups: Readonly<LookupCounts>
  readonly pools: Pick<GuardStatistics, 'pools' | 'endedPools'>
}

export function statisticsOf(
  observer: Observer | undefined,
  { since, counts, lookups, pools }: Counted,
): GuardStatistics {
  return {
    uptimeSeconds: (performance.now() - since) / 1000,
    totalQueries: observer?.totalQueries ?? 0,
    totalErrors: observer?.totalErrors ?? 0,
    slowQueries: observer?.slowQueries ?? 0,
    verySlowQueries: observer?.verySlowQueries ?? 0,
    repeatedQueries: observer?.repeatedQueries ?? 0,
    duration: (observer?.durations ?? new Durations()).summary(),
    byKind: observer?.byKind() ?? [],
    slowest: observer?.slowest(mostTold) ?? [],
    fingerprints: { known: observer?.shapes.size ?? 0, forgotten: observer?.shapes.forgotten ?? 0 },
    findings: { ...counts.found },
    allowedFindings: { ...counts.allowed },
    repairedFindings: { ...counts.repaired },
    movedFindings: { ...counts.moved },
    cache: { ...lookups },
    ...pools,
  }
}
