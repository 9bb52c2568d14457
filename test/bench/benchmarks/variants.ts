import { atMost, type Benchmark, type BenchmarkOptions, type Measure } from '../benchmark.ts'
import { runFresh, withSources } from '../fresh/run-fresh.ts'
import { variants as kinds, type Decider } from '../variants.ts'

const budgetText = 'memory: one million distinct texts grow RSS by ≤ 5 MB'
const deciders: readonly Decider[] = ['harmless', 'doubtful']

interface Run {
  readonly micros: number
  readonly heldRss: number
}

/**
 * What statements cost that are the same but for a comment or the length of a list: no cache of texts can know them.
 */
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

async function measure(kind: string, decider: Decider, { quick, progress }: BenchmarkOptions): Promise<Measure[]> {
  const count = quick ? 50_000 : 1_000_000
  const what = `${kind}, ${decider === 'harmless' ? 'the scan decides' : 'the parser decided'}`
  progress(`variants: ${what}`)
  const run = (act: string): Promise<Run> =>
    runFresh<Run>(withSources, 'variants.ts', act, kind, decider, String(count))
  const [base, again, guarded] = [await run('unguarded'), await run('unguarded'), await run('guarded')]
  return [
    {
      what: `${what}: CPU a statement, above making it`,
      value: guarded.micros - base.micros,
      unit: 'µs',
      noise: Math.abs(again.micros - base.micros),
    },
    {
      what: `${what}: RSS grown by ${count.toLocaleString('en')}, above unguarded`,
      value: (guarded.heldRss - base.heldRss) / 1e6,
      unit: 'MB',
      noise: Math.abs(again.heldRss - base.heldRss) / 1e6,
      budget: atMost(5, budgetText),
    },
  ]
}
