import { startPostgres } from '@poolsafe/testing/servers'
import { atLeast, atMost, type Benchmark, type BenchmarkOptions, type Measure } from '../benchmark.ts'
import { compare } from '../compare/compare.ts'
import { addedRow, baseRow, ratioRow } from '../rows.ts'

const budgetText = 'pg hit path: ≤ 0.3 µs of CPU a query; throughput ratio ≥ 0.99 at 1 and at 10 connections'
const cpuBudget = atMost(0.3, budgetText)
const findingBudget = atMost(2, 'a repeated finding in warn mode: ≤ 2 µs')
const repairBudget = atMost(1, 'a repaired statement seen before: ≤ 1 µs more than in mode warn')
const ratioBudget = atLeast(0.99, budgetText)
const operations = ['pool.query', 'connect, query, release'] as const
const connectionCounts = [1, 10] as const

/** `SELECT 1` on a real server. */
export const pgBenchmark: Benchmark = {
  name: 'pg',
  async run(options) {
    const server = await startPostgres()
    try {
      return await eachScenario((operation, concurrency) => onServer(server.url, operation, concurrency, options))
    } finally {
      await server.stop()
    }
  },
}

/** `SELECT 1` on answers kept in memory. Without the noise of network and server, tenths of a microsecond show. */
export const pgHitPath: Benchmark = {
  name: 'hit-path',
  run: async (options) => [
    ...(await eachScenario((operation, concurrency) => inMemory(operation, concurrency, options))),
    ...(await repeatedFinding(options)),
  ],
}

async function eachScenario(
  measure: (operation: string, concurrency: number) => Promise<Measure[]>,
): Promise<Measure[]> {
  const measures: Measure[] = []
  for (const operation of operations) {
    for (const concurrency of connectionCounts) measures.push(...(await measure(operation, concurrency)))
  }
  return measures
}

async function inMemory(operation: string, concurrency: number, options: BenchmarkOptions): Promise<Measure[]> {
  const what = `${describe(operation, concurrency)}, no server`
  const hasLeastGate = operation === 'connect, query, release'
  const goals = [
    { variant: 'unguarded again' },
    { variant: 'unobserved', added: cpuBudget },
    { variant: 'guarded' },
    ...(hasLeastGate ? [{ variant: 'least gate' } as const] : []),
  ] as const
  const compared = await compare({ contender: 'pg', operation, concurrency }, goals, options)
  return [
    baseRow(what, compared.unobserved),
    addedRow(`${what}: added by a second unguarded pool (shows the noise)`, compared['unguarded again']),
    addedRow(`${what}: added with observe: false`, compared.unobserved, cpuBudget),
    addedRow(`${what}: added with defaults`, compared.guarded),
    ...(hasLeastGate ? [addedRow(`${what}: added by the least gate (the floor)`, compared['least gate'])] : []),
  ]
}

/** In warn mode poolsafe reports an unsafe statement once, and then only counts it. */
async function repeatedFinding(options: BenchmarkOptions): Promise<Measure[]> {
  const what = 'pool.query, the same unsafe statement again and again, no server'
  const goals = [{ variant: 'unobserved', added: findingBudget }, { variant: 'guarded' }] as const
  const compared = await compare({ contender: 'pg', operation: 'an unsafe statement' }, goals, options)
  return [
    baseRow(what, compared.unobserved),
    addedRow(`${what}: added with observe: false`, compared.unobserved, findingBudget),
    addedRow(`${what}: added with defaults`, compared.guarded),
  ]
}

/** Mode repair, compared with mode warn in the same run. */
export const repairBenchmark: Benchmark = {
  name: 'repair',
  async run(options) {
    const goals = [
      { variant: 'unobserved again', base: 'unobserved' },
      { variant: 'repairing', base: 'unobserved', added: repairBudget },
    ] as const
    const unsafe = await compare({ contender: 'pg', operation: 'an unsafe statement in a transaction' }, goals, options)
    const harmless = await compare(
      { contender: 'pg', operation: 'a harmless statement in a transaction' },
      goals,
      options,
    )
    return [
      addedRow(
        'mode warn, unsafe statement in a transaction: a second one (shows the noise)',
        unsafe['unobserved again'],
      ),
      addedRow('mode repair, unsafe statement in a transaction: added to mode warn', unsafe.repairing, repairBudget),
      addedRow(
        'mode warn, harmless statement in a transaction: a second one (shows the noise)',
        harmless['unobserved again'],
      ),
      addedRow('mode repair, harmless statement in a transaction: added to mode warn', harmless.repairing),
    ]
  },
}

async function onServer(
  url: string,
  operation: string,
  concurrency: number,
  options: BenchmarkOptions,
): Promise<Measure[]> {
  const what = describe(operation, concurrency)
  const goals = [{ variant: 'unobserved', added: cpuBudget, ratio: ratioBudget }, { variant: 'guarded' }] as const
  const { unobserved, guarded } = await compare({ contender: 'pg', operation, concurrency, url }, goals, options)
  return [
    baseRow(what, unobserved),
    addedRow(`${what}: added with observe: false`, unobserved, cpuBudget),
    addedRow(`${what}: added with defaults`, guarded),
    { what: `${what}: queries a second, unguarded`, value: unobserved.baseSpeed, unit: '/s' },
    ratioRow(`${what}: throughput with observe: false`, unobserved, ratioBudget),
    ratioRow(`${what}: throughput with defaults`, guarded),
  ]
}

function describe(operation: string, connections: number): string {
  return `${operation}, ${connections} connection${connections === 1 ? '' : 's'}`
}
