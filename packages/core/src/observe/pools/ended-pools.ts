import { addCounts, countsOf, type CheckoutCounts, type PoolStatistics } from '../../checkout/statistics.ts'
import { addHistograms } from '../../measure/histogram.ts'
import type { PoolReport } from './pool-report.ts'

/** Totals of the ended pools with one name. Plain data. */
export interface PoolTotals extends CheckoutCounts, Pick<PoolStatistics, 'acquireWait' | 'use' | 'poolerWait'> {
  readonly name: string
}

/** Number of remembered names without a pool; about 1 kB each. */
const mostNames = 100

/** Counters of ended pools by name. Together with the existing pools they never decrease. */
export class EndedPools {
  readonly #byName = new Map<string, PoolTotals>()

  /** @param present names of existing pools, which are not evicted */
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
