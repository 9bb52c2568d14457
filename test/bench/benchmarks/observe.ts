import { startPostgres } from '@poolsafe/testing/servers'
import { setup } from '../../setup/generate.ts'
import { atMost, type Benchmark, type BenchmarkOptions, type Measure } from '../benchmark.ts'
import { compare, type Compared, type Goal } from '../compare/compare.ts'
import type { Scenario } from '../compare/contender.ts'
import type { Guarding } from '../contenders/watch.ts'
import { repeatFresh } from '../fresh/repeat.ts'
import { runFresh, withSources } from '../fresh/run-fresh.ts'
import { addedRow, baseRow } from '../rows.ts'

// Everything on: slow log, statistics, a request scope around ten operations, metrics that are scraped each second.
// For comparison, the instrumentations of OpenTelemetry with an exporter that does nothing.

/** One comparison: the guard in several configurations, and the cost of other tools. */
interface Compare {
  readonly what: string
  readonly scenario: Scenario
  /** In µs of CPU an operation, everything on. */
  readonly limit: number
  readonly peers: readonly Goal[]
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
        peers: [{ variant: 'kysely-opentelemetry' }, { variant: 'kysely-opentelemetry, SDK', patches: true }],
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
    const measured = {
      what: 'Prisma, findFirst',
      scenario,
      limit: 1.5,
      peers: [{ variant: 'prisma-instrumentation', patches: true }],
    }
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

/** Texts that no cache of texts can hold: each differs in a comment, in the length of a list or in a number. */
export const observeTexts: Benchmark = {
  name: 'observe-texts',
  async run(options) {
    const measures: Measure[] = []
    for (const [kind, limit, part] of varying) {
      const count = String((options.quick ? 100_000 : 300_000) / part)
      const row = {
        figure: 'added',
        what: `texts that vary, ${kind}: observed`,
        unit: 'µs',
        budget: atMost(limit, `texts that vary: ≤ ${limit} µs of CPU for ${kind}`),
        margin: limit / 20,
      } as const
      measures.push(...(await repeatFresh((tree) => run(tree, kind, count), [row], options, { least: 5, most: 15 })))
    }
    return measures
  },
}

async function run(tree: string, kind: string, count: string): Promise<{ added: number }> {
  const act = (name: string): Promise<{ micros: number }> =>
    runFresh(tree, withSources, 'variants.ts', name, kind, 'harmless', count)
  const base = await act('unguarded')
  const observed = await act('observed')
  return { added: observed.micros - base.micros }
}

function compareOfPg(operation: string, url?: string): Compare {
  const what = `${operation}${url === undefined ? ', no server' : ''}`
  const scenario = { contender: 'pg', operation, ...(url !== undefined && { url }) }
  return { what, scenario, limit: 1, peers: [{ variant: 'instrumentation-pg', patches: true }] }
}

/** Requests of ten different statements, and with everything on also requests that send one statement ten times. */
async function measureAll({ what, scenario, peers, limit }: Compare, options: BenchmarkOptions): Promise<Measure[]> {
  const goals = [...guardings.map((variant) => goalOf(variant, limit)), ...peersOf(peers, options)]
  const distinct = await compare({ ...scenario, requests: 'distinct' }, goals, options)
  const repeated = await compare({ ...scenario, requests: 'repeated' }, [goalOf('everything', limit)], options)
  return [
    ...measuresOf(what, distinct, goals),
    ...measuresOf(`${what}, one statement ten times a request`, repeated, [goalOf('everything', limit)]),
  ]
}

/** On a server, whose noise and the network's hide the smaller differences. */
async function measureEverything(
  { what, scenario, peers, limit }: Compare,
  options: BenchmarkOptions,
): Promise<Measure[]> {
  const goals = [goalOf('everything', limit), ...peersOf(peers, options)]
  return measuresOf(what, await compare({ ...scenario, requests: 'distinct' }, goals, options), goals)
}

function goalOf(variant: string, limit: number): Goal {
  const budget = atMost(limit, `everything on: ≤ ${limit} µs of CPU an operation`)
  return { variant, ...(variant === 'everything' && { added: budget }) }
}

/** Other tools do not change between two commits of ours. */
function peersOf(peers: readonly Goal[], { before }: BenchmarkOptions): readonly Goal[] {
  return before === undefined ? peers : []
}

function measuresOf(what: string, compared: Readonly<Record<string, Compared>>, goals: readonly Goal[]): Measure[] {
  const rows = goals.map(({ variant, added }) =>
    addedRow(`${what}: ${labels[variant] ?? variant}`, compared[variant]!, added),
  )
  return [baseRow(what, compared[goals[0]!.variant]!), ...rows]
}

/** Prisma itself takes more for any extension than all of the rest, so ours is compared with an empty one. */
async function extensionMeasures(scenario: Scenario, options: BenchmarkOptions): Promise<Measure[]> {
  const empty = { variant: 'base and empty extension' }
  const ours = { variant: 'everything and extension', base: empty.variant }
  const compared = await compare({ ...scenario, requests: 'distinct' }, [empty, ours], options)
  return [
    addedRow('Prisma, findFirst: added by an empty extension alone', compared[empty.variant]!),
    addedRow(
      'Prisma, findFirst: added with everything on and the extension, above an empty one',
      compared[ours.variant]!,
    ),
  ]
}
