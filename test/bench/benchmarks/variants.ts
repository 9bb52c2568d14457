import { atMost, type Benchmark, type BenchmarkOptions, type Measure } from '../benchmark.ts'
import { repeatFresh } from '../fresh/repeat.ts'
import { runFresh, withSources } from '../fresh/run-fresh.ts'
import { variants as kinds, type Decider } from '../variants.ts'

const budgetText = 'memory: one million distinct texts grow RSS by ≤ 5 MB'
const deciders: readonly Decider[] = ['harmless', 'doubtful']

type Run = Readonly<Record<'micros' | 'heldRss', number>>

/** The cost of statements that differ only in a comment or in the length of a list, so that no cache of texts helps. */
export const variants: Benchmark = {
  name: 'variants',
  async run(options) {
    const measures: Measure[] = []
    for (const decider of deciders) {
      for (const kind of Object.keys(kinds)) measures.push(...(await measure(kind, decider, options)))
    }
    return measures
  },
}

async function measure(kind: string, decider: Decider, options: BenchmarkOptions): Promise<Measure[]> {
  const count = options.quick ? 50_000 : 1_000_000
  const what = `${kind}, ${decider === 'harmless' ? 'the scan decides' : 'the parser decided'}`
  const added = async (tree: string): Promise<Run> => {
    const run = (act: string): Promise<Run> =>
      runFresh<Run>(tree, withSources, 'variants.ts', act, kind, decider, String(count))
    const [base, guarded] = [await run('unguarded'), await run('guarded')]
    return { micros: guarded.micros - base.micros, heldRss: guarded.heldRss - base.heldRss }
  }
  return repeatFresh(
    added,
    [
      { figure: 'micros', what: `${what}: CPU a statement, above making it`, unit: 'µs', margin: 0.1 },
      {
        figure: 'heldRss',
        what: `${what}: RSS grown by ${count.toLocaleString('en')}, above unguarded`,
        unit: 'MB',
        scale: 1e-6,
        budget: atMost(5, budgetText),
        margin: 1,
      },
    ],
    options,
    { least: 3, most: 9 },
  )
}
