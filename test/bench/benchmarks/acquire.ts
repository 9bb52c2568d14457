import { atMost, type Benchmark, type BenchmarkOptions, type Measure } from '../benchmark.ts'
import { compare } from '../compare/compare.ts'
import { runFresh, withSources } from '../fresh/run-fresh.ts'
import { median } from '../statistics.ts'

const costBudget = atMost(0.5, 'acquire and release: at most 0.5 µs more')
const delayBudget = atMost(5, 'acquire timeout: within +5 ms at p99 with 10,000 waiters')

interface Delays {
  readonly p50: number
  readonly p99: number
  readonly longest: number
}

/** What the gate before a pool costs, and how exact its timeout is. */
export const acquire: Benchmark = {
  name: 'acquire',
  async run(options) {
    const measures: Measure[] = []
    for (const operation of ['connect, release', 'pool.connect with a callback']) {
      const { base, guarded } = await compare({ contender: 'acquire', operation, concurrency: 1 }, ['guarded'], options)
      measures.push(
        { what: `${operation}: client CPU, unguarded`, value: base.cpuMicrosPerOperation, unit: 'µs' },
        {
          what: `${operation}: added by the gate`,
          value: guarded.addedCpuMicros,
          unit: 'µs',
          noise: guarded.cpuNoiseMicros,
          budget: costBudget,
        },
      )
    }
    return [...measures, ...(await delays(options, 100)), ...(await delays(options, 10_000))]
  },
}

/** @param atOnce how many of 10,000 callers come in one moment, ten milliseconds before the next ones */
async function delays({ quick, progress }: BenchmarkOptions, atOnce: number): Promise<Measure[]> {
  progress(`acquire: timeouts, ${atOnce} callers at once`)
  const runs: Delays[] = []
  for (let run = 0; run < (quick ? 1 : 5); run++)
    runs.push(await runFresh<Delays>(withSources, 'acquire-timeout.ts', String(atOnce)))
  const middle = (figure: keyof Delays): number => median(runs.map((delay) => delay[figure]))
  const what = `10,000 waiting, ${atOnce.toLocaleString('en')} of the same moment: timeout late by`
  return [
    { what: `${what}, p50`, value: middle('p50'), unit: 'ms' },
    { what: `${what}, p99`, value: middle('p99'), unit: 'ms', ...(atOnce < 10_000 && { budget: delayBudget }) },
    { what: `${what}, at most`, value: middle('longest'), unit: 'ms' },
  ]
}
