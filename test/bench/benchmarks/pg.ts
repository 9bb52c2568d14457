import { startPostgres } from '@poolsafe/testing/servers'
import { atLeast, atMost, type Benchmark, type BenchmarkOptions, type Measure } from '../benchmark.ts'
import { compare, type Compared } from '../compare/compare.ts'

const budgetText = 'pg hit path: ≤ 0.3 µs of CPU a query; throughput ratio ≥ 0.99 at 1 and at 10 connections'
const cpuBudget = atMost(0.3, budgetText)
const ratioBudget = atLeast(0.99, budgetText)
const operations = ['pool.query', 'connect, query, release'] as const
const variants = ['unobserved', 'guarded'] as const
type Comparison = Record<'base' | 'base2' | (typeof variants)[number], Compared>
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
          const compared = await compare(scenario, variants, options)
          const what = describe(operation, concurrency)
          measures.push(...cpuMeasures(what, compared), ...speedMeasures(what, compared))
        }
      }
      return measures
    } finally {
      await server.stop()
    }
  },
}

/**
 * `SELECT 1` against answers kept in memory: what the guard takes, without what the network and the server add in
 * noise.
 */
export const pgHitPath: Benchmark = {
  name: 'hit-path',
  async run(options: BenchmarkOptions) {
    const measures: Measure[] = []
    for (const operation of operations) {
      for (const concurrency of connectionCounts) {
        const compared = await compare({ contender: 'pg', operation, concurrency }, variants, options)
        measures.push(...cpuMeasures(`${describe(operation, concurrency)}, no server`, compared))
      }
    }
    return measures
  },
}

function describe(operation: string, connections: number): string {
  return `${operation}, ${connections} connection${connections === 1 ? '' : 's'}`
}

function cpuMeasures(what: string, { base, unobserved, guarded }: Comparison): Measure[] {
  const noise = guarded.cpuNoiseMicros
  return [
    { what: `${what}: client CPU a query, unguarded`, value: base.cpuMicrosPerOperation, unit: 'µs' },
    {
      what: `${what}: added with observe: false`,
      value: unobserved.addedCpuMicros,
      unit: 'µs',
      noise,
      budget: cpuBudget,
    },
    { what: `${what}: added with defaults`, value: guarded.addedCpuMicros, unit: 'µs', noise },
  ]
}

function speedMeasures(what: string, { base, base2, unobserved, guarded }: Comparison): Measure[] {
  const noise = guarded.ratioNoise
  return [
    { what: `${what}: queries a second, unguarded`, value: base.operationsPerSecond, unit: '/s' },
    { what: `${what}: queries a second, unguarded again`, value: base2.throughputRatio, unit: '×' },
    {
      what: `${what}: queries a second, with observe: false`,
      value: unobserved.throughputRatio,
      unit: '×',
      noise,
      budget: ratioBudget,
    },
    { what: `${what}: queries a second, with defaults`, value: guarded.throughputRatio, unit: '×', noise },
  ]
}
