import { atMost, type Benchmark, type BenchmarkOptions, type Measure } from '../benchmark.ts'
import { repeatFresh } from '../fresh/repeat.ts'
import { runFresh, withSources } from '../fresh/run-fresh.ts'

const budgetText = 'memory: one million distinct texts grow RSS by ≤ 5 MB; a checkout’s bookkeeping ≤ 300 bytes'

/** A young space that holds all that one measurement allocates. */
const uncollected = [...withSources, '--min-semi-space-size=256', '--max-semi-space-size=256']

interface Grown {
  readonly heldRss: number
  readonly peakRss: number
  readonly heldHeap: number
}

type Checkout = Readonly<Record<'held' | 'allocated' | 'least', number>>

/** Measures the memory that the guard keeps for texts and connections. */
export const memory: Benchmark = {
  name: 'memory',
  async run(options) {
    const measures = [...(await textMeasures('harmless', 'the scan decides', 100_000, options))]
    const statements = options.quick ? 100_000 : 1_000_000
    measures.push(
      ...(await textMeasures('distinct shapes', 'observed, each with a fingerprint of its own', statements, options)),
    )
    measures.push(...(await textMeasures('one shape', 'observed, all of one fingerprint', statements, options)))
    if (!options.quick) {
      measures.push(...(await textMeasures('harmless', 'the scan decides', 1_000_000, options)))
      measures.push(...(await textMeasures('doubtful', 'the parser decides', 100_000, options)))
      measures.push(...(await textMeasures('settings', 'each a SET of its own', 1_000_000, options)))
    }
    return [...measures, ...(await parserMeasures(options)), ...(await checkoutMeasures(options))]
  },
}

async function textMeasures(
  action: string,
  decider: string,
  count: number,
  { tree, progress }: BenchmarkOptions,
): Promise<Measure[]> {
  const what = `${count.toLocaleString('en')} texts, ${decider}`
  progress(`memory: ${what}`)
  const base = await runFresh<Grown>(tree, withSources, 'texts-memory.ts', 'nothing', String(count))
  const guarded = await runFresh<Grown>(tree, withSources, 'texts-memory.ts', action, String(count))
  return [
    { what: `${what}: RSS grown by, unguarded`, value: base.heldRss / 1e6, unit: 'MB' },
    { what: `${what}: RSS grown by`, value: guarded.heldRss / 1e6, unit: 'MB', budget: atMost(5, budgetText) },
    { what: `${what}: heap grown by`, value: guarded.heldHeap / 1e6, unit: 'MB' },
    {
      what: `${what}: highest RSS before collection, above unguarded`,
      value: (guarded.peakRss - base.peakRss) / 1e6,
      unit: 'MB',
    },
  ]
}

/** A leak of ten bytes a parse would show. */
async function parserMeasures({ tree, quick, progress }: BenchmarkOptions): Promise<Measure[]> {
  progress('memory: parser')
  const counts = quick ? ['10000', '50000'] : ['100000', '500000', '1000000']
  const grown = await runFresh<Record<string, number>>(tree, withSources, 'parser-memory.ts', ...counts)
  return Object.entries(grown).map(([count, bytes]) => ({
    what: `parser: RSS grown by ${Number(count).toLocaleString('en')} parses`,
    value: bytes / 1e6,
    unit: 'MB',
    budget: atMost(5, 'no leak in the WASM parser over 1 million parses'),
  }))
}

async function checkoutMeasures(options: BenchmarkOptions): Promise<Measure[]> {
  const added = async (tree: string): Promise<Checkout> => {
    const base = await runFresh<Checkout>(tree, uncollected, 'checkout-memory.ts', 'base')
    const guarded = await runFresh<Checkout>(tree, uncollected, 'checkout-memory.ts', 'guarded')
    const least = await runFresh<Checkout>(tree, uncollected, 'checkout-memory.ts', 'least')
    return {
      allocated: guarded.allocated - base.allocated,
      held: guarded.held - base.held,
      least: least.allocated - base.allocated,
    }
  }
  return repeatFresh(
    added,
    [
      {
        figure: 'allocated',
        what: 'a checkout allocates, above unguarded',
        unit: 'bytes',
        budget: atMost(300, budgetText),
        margin: 10,
      },
      { figure: 'least', what: 'a checkout allocates with the least gate, above unguarded', unit: 'bytes' },
      { figure: 'held', what: 'a checked-out connection holds, above unguarded', unit: 'bytes' },
    ],
    options,
    { least: 5, most: 15 },
  )
}
