import { addCounts, countsOf, type CheckoutCounts, type PoolStatistics } from '../../checkout/statistics.ts'
import { addHistograms } from '../../measure/histogram.ts'
import type { PoolReport } from './pool-report.ts'

/** What the pools of one name did that have ended. Plain data. */
export interface PoolTotals extends CheckoutCounts, Pick<PoolStatistics, 'acquireWait' | 'use' | 'poolerWait'> {
  readonly name: string
}

/** Names that no pool has any more, and that are remembered: some 1 kB each. */
const mostNames = 100

/** The counts of pools that have ended, by name: together with those of the pools that are there they never fall. */
export class EndedPools {
  readonly #byName = new Map<string, PoolTotals>()

  /** @param present names of pools that are there: what has these names is not forgotten */
  add(report: PoolReport, present: ReadonlySet<string>): void {
    const { name } = report
    const known = this.#byName.get(name)
    this.#byName.delete(name)
    this.#byName.set(name, known === undefined ? totalsOf(report) : sumOf(known, report))
    const gone = [...this.#byName.keys()].filter((each) => !present.has(each))
    for (const oldest of gone.slice(0, Math.max(gone.length - mostNames, 0))) this.#byName.delete(oldest)
  }

  totals(): PoolTotals[] {
    return [...this.#byName.values()]
  }
}

function totalsOf(report: PoolReport): PoolTotals {
  const { name, acquireWait, use, poolerWait } = report
  return { name, ...countsOf(report), acquireWait, use, poolerWait }
}

function sumOf(one: PoolTotals, other: PoolReport): PoolTotals {
  return {
    name: one.name,
    ...addCounts(one, other),
    acquireWait: addHistograms(one.acquireWait, other.acquireWait),
    use: addHistograms(one.use, other.use),
    poolerWait: addHistograms(one.poolerWait, other.poolerWait),
  }
}
