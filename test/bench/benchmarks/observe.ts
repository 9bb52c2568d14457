import { startPostgres } from '@poolsafe/testing/servers'
import { setup } from '../../setup/generate.ts'
import { atMost, type Benchmark, type BenchmarkOptions, type Measure } from '../benchmark.ts'
import { compare, type Compared } from '../compare/compare.ts'
import type { Scenario } from '../compare/contender.ts'
import type { Guarding } from '../contenders/watch.ts'
import { runFresh, withSources } from '../fresh/run-fresh.ts'

// Everything on: slow log, statistics, a request scope around ten operations, metrics that are scraped each second.
// Beside it the instrumentations of OpenTelemetry, with an exporter that does nothing.

/** What one scenario compares: the guard, by how much it is asked for, and what others take. */
interface Compare {
  readonly what: string
  readonly scenario: Scenario
  /** In µs of CPU an operation, everything on. */
  readonly limit: number
  readonly peers: readonly string[]
}

const guardings: readonly Guarding[] = [
  'unobserved',
  'guarded',
  'everything',
  'everything, listener',
  'everything, OpenTelemetry',
]

const labels: Readonly<Record<string, string>> = {
  unobserved: 'added with observe: false',
  guarded: 'added by a guard with defaults',
  everything: 'added with everything on',
  'everything, listener': 'added with everything on and a listener of each query',
  'everything, OpenTelemetry': 'added with everything on, and as metrics of OpenTelemetry',
  'instrumentation-pg': 'added by @opentelemetry/instrumentation-pg',
  'kysely-opentelemetry': 'added by kysely-opentelemetry without an SDK',
  'kysely-opentelemetry, SDK': 'added by kysely-opentelemetry',
  'prisma-instrumentation': 'added by @prisma/instrumentation',
}

const pgOperations = ['pool.query', 'connect, query, release'] as const

/** Statements of pg by answers from memory, and by a server. */
export const observePg: Benchmark = {
  name: 'observe-pg',
  async run(options) {
    const measures: Measure[] = []
    for (const operation of pgOperations) measures.push(...(await measureAll(compareOfPg(operation), options)))
    const server = await startPostgres()
    try {
      for (const operation of pgOperations)
        measures.push(...(await measureEverything(compareOfPg(operation, server.url), options)))
    } finally {
      await server.stop()
    }
    return measures
  },
}

/** Queries of Kysely on a stub driver. */
export const observeKysely: Benchmark = {
  name: 'observe-kysely',
  run: (options) =>
    measureAll(
      {
        what: 'Kysely, select of one column',
        scenario: { contender: 'kysely', operation: 'select of one column' },
        limit: 1,
        peers: ['kysely-opentelemetry', 'kysely-opentelemetry, SDK'],
      },
      options,
    ),
}

/** Operations of Prisma on a stub adapter. */
export const observePrisma: Benchmark = {
  name: 'observe-prisma',
  async run(options) {
    options.progress('prisma: generating the client')
    await setup()
    const scenario = { contender: 'prisma', operation: 'findFirst' }
    const measured = { what: 'Prisma, findFirst', scenario, limit: 1.5, peers: ['prisma-instrumentation'] }
    return [...(await measureAll(measured, options)), ...(await extensionMeasures(scenario, options))]
  },
}

/** Kinds of texts that vary, the µs of CPU that one may take, and by what the number of texts is divided. */
const varying: readonly (readonly [kind: string, limitMicros: number, part: number])[] = [
  ['the same text', 1, 1],
  ['a trace id at the end', 3, 1],
  ['a trace id at the start', 3, 1],
  ['IN lists of 1 to 1,000', 3, 1],
  ['an inlined number', 6, 1],
  ['inserts of 1 to 333 rows', 10, 1],
  ['full insert', 300, 200],
]

/** Texts that no memory of texts knows: each differs in a comment, in the length of a list or in a number. */
export const observeTexts: Benchmark = {
  name: 'observe-texts',
  async run({ quick, progress }) {
    const measures: Measure[] = []
    for (const [kind, limit, part] of varying) {
      progress(`texts that vary: ${kind}`)
      const count = String((quick ? 100_000 : 1_000_000) / part)
      const run = (act: string): Promise<{ micros: number }> =>
        runFresh(withSources, 'variants.ts', act, kind, 'harmless', count)
      const [base, again, observed] = [await run('unguarded'), await run('unguarded'), await run('observed')]
      const budget = atMost(limit, `texts that vary: ≤ ${limit} µs of CPU for ${kind}`)
      const noise = Math.abs(again.micros - base.micros)
      measures.push({
        what: `texts that vary, ${kind}: observed`,
        value: observed.micros - base.micros,
        unit: 'µs',
        noise,
        budget,
      })
    }
    return measures
  },
}

function compareOfPg(operation: string, url?: string): Compare {
  const what = `${operation}${url === undefined ? ', no server' : ''}`
  const scenario = { contender: 'pg', operation, ...(url !== undefined && { url }) }
  return { what, scenario, limit: 1, peers: ['instrumentation-pg'] }
}

/** Ten statements a request, each another; and everything on where a request sends one statement ten times. */
async function measureAll(measured: Compare, options: BenchmarkOptions): Promise<Measure[]> {
  const { what, scenario, peers, limit } = measured
  const variants = [...guardings, ...peers]
  const distinct = await compare({ ...scenario, requests: 'distinct' }, variants, options)
  const repeated = await compare({ ...scenario, requests: 'repeated' }, ['everything'], options)
  return [
    ...measuresOf(what, distinct, variants, limit),
    ...measuresOf(`${what}, one statement ten times a request`, repeated, ['everything'], limit),
  ]
}

/** Where a server and the network make noise that hides the rest. */
async function measureEverything(
  { what, scenario, peers, limit }: Compare,
  options: BenchmarkOptions,
): Promise<Measure[]> {
  const variants = ['everything', ...peers]
  return measuresOf(what, await compare({ ...scenario, requests: 'distinct' }, variants, options), variants, limit)
}

function measuresOf(
  what: string,
  compared: Record<string, Compared>,
  variants: readonly string[],
  limit: number,
): Measure[] {
  const budget = atMost(limit, `everything on: ≤ ${limit} µs of CPU an operation`)
  const base = compared['base']?.cpuMicrosPerOperation ?? Number.NaN
  const added = variants.map((variant) => {
    const { addedCpuMicros: value, cpuNoiseMicros: noise } = compared[variant] as Compared
    return {
      what: `${what}: ${labels[variant] ?? variant}`,
      value,
      unit: 'µs',
      noise,
      ...(variant === 'everything' && { budget }),
    }
  })
  return [{ what: `${what}: unguarded`, value: base, unit: 'µs' }, ...added]
}

/** Prisma itself takes more for any extension than all of the rest: ours is measured beside an empty one. */
async function extensionMeasures(scenario: Scenario, options: BenchmarkOptions): Promise<Measure[]> {
  const variants = ['base and empty extension', 'everything and extension'] as const
  const { base, ...compared } = await compare({ ...scenario, requests: 'distinct' }, variants, options)
  const [empty, ours] = [compared[variants[0]], compared[variants[1]]]
  return [
    {
      what: 'Prisma, findFirst: added by an empty extension alone',
      value: empty.addedCpuMicros,
      unit: 'µs',
      noise: base.cpuNoiseMicros,
    },
    {
      what: 'Prisma, findFirst: added with everything on and the extension, above the empty one',
      value: ours.addedCpuMicros - empty.addedCpuMicros,
      unit: 'µs',
      noise: ours.cpuNoiseMicros,
    },
  ]
}
