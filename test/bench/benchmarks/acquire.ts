import { atMost, type Benchmark, type BenchmarkOptions, type Measure } from '../benchmark.ts'
import { compare } from '../compare/compare.ts'
import { repeatFresh } from '../fresh/repeat.ts'
import { runFresh, withSources } from '../fresh/run-fresh.ts'
import { addedRow, baseRow } from '../rows.ts'

const costBudget = atMost(0.5, 'acquire and release: at most 0.5 µs more')
const delayBudget = atMost(5, 'acquire timeout: within +5 ms at p99 with 10,000 waiters')

type Figure = 'p50' | 'p99' | 'longest' | 'clockP99'

/** Measures the cost of the gate in front of a pool, and how exact its timeout is. */
export const acquire: Benchmark = {
  name: 'acquire',
  async run(options) {
    const measures: Measure[] = []
    for (const operation of ['connect, release', 'pool.connect with a callback']) {
      const goals = [{ variant: 'guarded', added: costBudget }] as const
      const { guarded } = await compare({ contender: 'acquire', operation }, goals, options)
      measures.push(baseRow(operation, guarded), addedRow(`${operation}: added by the gate`, guarded, costBudget))
    }
    return [
      ...measures,
      ...(await delays(options, 100)),
      ...(await delays(options, 10_000)),
      ...(await otherDelays(options, 100, 'least')),
      ...(await otherDelays(options, 10_000, 'least')),
      ...(await otherDelays(options, 10_000, 'bare')),
    ]
  },
}

/** @param atOnce how many of 10,000 callers come in one moment, ten milliseconds before the next ones */
async function delays(options: BenchmarkOptions, atOnce: number): Promise<Measure[]> {
  const what = `10,000 waiting, ${atOnce.toLocaleString('en')} of the same moment: timeout late by`
  return repeatFresh(
    (tree) => runFresh<Record<Figure, number>>(tree, withSources, 'acquire-timeout.ts', String(atOnce)),
    [
      { figure: 'p99', what: `${what}, p99, CPU time since it was due`, unit: 'ms', budget: delayBudget, margin: 1 },
      { figure: 'p50', what: `${what}, p50, CPU time since it was due`, unit: 'ms', margin: 1 },
      { figure: 'longest', what: `${what}, at most, CPU time since it was due`, unit: 'ms', margin: 1 },
      { figure: 'clockP99', what: `${what}, p99, by the clock`, unit: 'ms', margin: 5 },
    ],
    options,
    { least: 5, most: 25 },
  )
}

const others = { least: 'with the least gate', bare: 'of pg-pool itself' } as const

/** Measures the same without poolsafe. Most of it is the rejection of 10,000 promises and the work of their callers. */
async function otherDelays(options: BenchmarkOptions, atOnce: number, kind: keyof typeof others): Promise<Measure[]> {
  return repeatFresh(
    (tree) => runFresh<Record<Figure, number>>(tree, withSources, 'acquire-timeout.ts', String(atOnce), kind),
    [
      {
        figure: 'p99',
        what: `10,000 waiting, ${atOnce.toLocaleString('en')} of the same moment: late by, p99, ${others[kind]}`,
        unit: 'ms',
        margin: 1,
      },
    ],
    options,
    { least: 5, most: 5 },
  )
}
