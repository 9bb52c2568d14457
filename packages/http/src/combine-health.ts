import type { GuardHealth } from '@poolsafe/core'
import type { DurationSummary, FingerprintStatistics, ProblemKind } from '@poolsafe/core/internal'

/** Number of reported fingerprints, sorted by total time. */
const mostFingerprints = 10

/**
 * Combines the health of several guards into one of the same form. Counts are added up. Quantiles cannot be added, so
 * they are those of the slowest guard.
 *
 * @param given `undefined` for a guard whose `health()` failed
 */
export function combineHealth(given: readonly (GuardHealth | undefined)[]): GuardHealth {
  const known = given.filter((health) => health !== undefined)
  const [only] = known
  if (only !== undefined && given.length === 1) return only
  const failed = known.length < given.length
  const sum = (of: (health: GuardHealth) => number): number => known.reduce((total, health) => total + of(health), 0)
  return {
    healthy: !failed && known.every(({ healthy }) => healthy),
    problems: [
      ...new Set([
        ...known.flatMap(({ problems }) => problems),
        ...(failed ? (['unknown'] satisfies ProblemKind[]) : []),
      ]),
    ],
    reasons: [
      ...known.flatMap(({ reasons }) => reasons),
      ...(failed ? ['the health of a guard is unknown: poolsafe itself failed'] : []),
    ],
    notes: [...new Set(known.flatMap(({ notes }) => notes))],
    totalQueries: sum(({ totalQueries }) => totalQueries),
    totalErrors: sum(({ totalErrors }) => totalErrors),
    poolInfo: known.flatMap(({ pools, poolInfo }) => (pools.length > 0 ? poolInfo : [])).join('; ') || 'no pool',
    timestamp: only?.timestamp ?? new Date().toISOString(),
    uptimeSeconds: Math.max(0, ...known.map(({ uptimeSeconds }) => uptimeSeconds)),
    slowQueries: sum(({ slowQueries }) => slowQueries),
    verySlowQueries: sum(({ verySlowQueries }) => verySlowQueries),
    repeatedQueries: sum(({ repeatedQueries }) => repeatedQueries),
    duration: combineDurations(known.map(({ duration }) => duration)),
    findings: combineCounts(known.map(({ findings }) => findings)),
    slowest: slowestOf(known),
    pools: known.flatMap(({ pools }) => pools),
  }
}

function combineDurations(all: readonly DurationSummary[]): DurationSummary {
  const sum = (of: (each: DurationSummary) => number): number => all.reduce((total, each) => total + of(each), 0)
  const longest = (of: (each: DurationSummary) => number): number => Math.max(0, ...all.map(of))
  return {
    count: sum(({ count }) => count),
    sumMillis: sum(({ sumMillis }) => sumMillis),
    maxMillis: longest(({ maxMillis }) => maxMillis),
    p50Millis: longest(({ p50Millis }) => p50Millis),
    p95Millis: longest(({ p95Millis }) => p95Millis),
    p99Millis: longest(({ p99Millis }) => p99Millis),
  }
}

function combineCounts(all: readonly GuardHealth['findings'][]): GuardHealth['findings'] {
  const total: Record<string, number> = {}
  for (const counts of all) for (const [rule, count] of Object.entries(counts)) total[rule] = (total[rule] ?? 0) + count
  return total
}

function slowestOf(known: readonly GuardHealth[]): readonly FingerprintStatistics[] {
  const all = known.flatMap(({ slowest }) => slowest)
  return all.toSorted((one, other) => other.totalMillis - one.totalMillis).slice(0, mostFingerprints)
}
