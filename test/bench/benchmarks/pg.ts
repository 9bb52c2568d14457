import { startPostgres } from '@poolsafe/testing/servers'
import { atLeast, atMost, type Benchmark, type BenchmarkOptions, type Measure } from '../benchmark.ts'
import { compare, type Compared } from '../compare/compare.ts'

const budgetText = 'pg hit path: ≤ 0.3 µs of CPU a query; throughput ratio ≥ 0.99 at 1 and at 10 connections'
const cpuBudget = atMost(0.3, budgetText)
const ratioBudget = atLeast(0.99, budgetText)
const operations = ['pool.query', 'connect, query, release'] as const
const connectionCounts = [1, 10] as const

/** `SELECT 1` against a real server. */
export const pgBenchmark: Benchmark = {
  name: 'pg',
  async run(options) {
    const server = await startPostgres()
    try {
      const measures: Measure[] = []
      for (const operation of operations) {
        for (const concurrency of connectionCounts) {
          const scenario = { contender: 'pg', operation, concurrency, url: server.url }
          const { base, base2, guarded } = await compare(scenario, ['guarded'], options)
          const what = describe(operation, concurrency)
          measures.push(...cpuMeasures(what, base, guarded), ...speedMeasures(what, base, base2, guarded))
        }
      }
      return measures
    } finally {
      await server.stop()
    }
  },
}

/** `SELECT 1` against answers kept in memory: what the guard takes, without what the network and the server add in noise. */
export const pgHitPath: Benchmark = {
  name: 'hit-path',
  async run(options: BenchmarkOptions) {
    const measures: Measure[] = []
    for (const operation of operations) {
      for (const concurrency of connectionCounts) {
        const { base, guarded } = await compare({ contender: 'pg', operation, concurrency }, ['guarded'], options)
        measures.push(...cpuMeasures(`${describe(operation, concurrency)}, no server`, base, guarded))
      }
    }
    return measures
  },
}

function describe(operation: string, connections: number): string {
  return `${operation}, ${connections} connection${connections === 1 ? '' : 's'}`
}

function cpuMeasures(what: string, base: Compared, guarded: Compared): Measure[] {
  return [
    { what: `${what}: client CPU a query, unguarded`, value: base.cpuMicrosPerOperation, unit: 'µs' },
    { what: `${what}: added by the guard`, value: guarded.addedCpuMicros, unit: 'µs', noise: guarded.cpuNoiseMicros, budget: cpuBudget },
  ]
}

function speedMeasures(what: string, base: Compared, base2: Compared, guarded: Compared): Measure[] {
  return [
    { what: `${what}: queries a second, unguarded`, value: base.operationsPerSecond, unit: '/s' },
    { what: `${what}: queries a second, unguarded again`, value: base2.throughputRatio, unit: '×' },
    {
      what: `${what}: queries a second, guarded`,
      value: guarded.throughputRatio,
      unit: '×',
      noise: guarded.ratioNoise,
      budget: ratioBudget,
    },
  ]
}
