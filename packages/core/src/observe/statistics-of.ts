import type { RuleId } from '../rules/index.ts'
import { Durations } from './durations.ts'
import type { Observer } from './observer.ts'
import type { ObservedPool } from './pool-report.ts'
import type { GuardStatistics } from './statistics.ts'

/** Fingerprints that are told, those first that took the most time. */
const mostTold = 10

/** What a guard knows beside what it observes. */
export interface Counted {
  /** On the clock of `performance.now()`. */
  readonly since: number
  readonly findings: { readonly [Id in RuleId]?: number }
  readonly cache: { readonly hits: number; readonly misses: number }
  readonly pools: Iterable<ObservedPool>
}

export function statisticsOf(observer: Observer | undefined, { since, findings, cache, pools }: Counted): GuardStatistics {
  return {
    uptimeSeconds: (performance.now() - since) / 1000,
    totalQueries: observer?.totalQueries ?? 0,
    totalErrors: observer?.totalErrors ?? 0,
    slowQueries: observer?.slowQueries ?? 0,
    verySlowQueries: observer?.verySlowQueries ?? 0,
    repeatedQueries: 0,
    duration: (observer?.durations ?? new Durations()).summary(),
    byKind: observer?.byKind() ?? [],
    slowest: observer?.slowest(mostTold) ?? [],
    fingerprints: { known: observer?.shapes.size ?? 0, forgotten: observer?.shapes.forgotten ?? 0 },
    findings: { ...findings },
    cache: { ...cache },
    pools: [...pools].map((pool) => pool.report()),
  }
}
