import { atMost, type Benchmark } from '../benchmark.ts'
import { builtCore } from '../built-core.ts'
import { repeatFresh, type Row } from '../fresh/repeat.ts'
import { runFresh } from '../fresh/run-fresh.ts'

const budgetText = 'import of core: ≤ 10 ms, the parser not loaded; first doubtful statement ≤ 40 ms once'

/** An option for V8, even a harmless one, makes Node compile its own modules again: 6 ms that no application pays. */
const noOptions: readonly string[] = []

type Figure = 'importMillis' | 'harmlessMillis' | 'parserLoaded' | 'doubtfulMillis'

const rowsOf = (system: string): readonly Row<Figure>[] => [
  {
    figure: 'importMillis',
    what: `${system}: import`,
    unit: 'ms',
    budget: atMost(10, budgetText),
    margin: 0.5,
  },
  { figure: 'harmlessMillis', what: `${system}: first statement, the scan decides`, unit: 'ms' },
  {
    figure: 'parserLoaded',
    what: `${system}: parser loaded after it (0 no, 1 yes)`,
    unit: '',
    budget: atMost(0, budgetText),
  },
  {
    figure: 'doubtfulMillis',
    what: `${system}: first statement, the parser decides`,
    unit: 'ms',
    budget: atMost(40, budgetText),
  },
]

/** The start of a process that uses the built core, as ESM and as CommonJS. */
export const importTime: Benchmark = {
  name: 'import',
  async run(options) {
    const measures = []
    for (const system of ['esm', 'cjs'] as const) {
      const run = async (tree: string): Promise<Record<Figure, number>> =>
        runFresh(tree, noOptions, 'import.ts', (await builtCore(tree))[system])
      // The first process of a tree builds the core and reads its files from the disk.
      for (const tree of [options.tree, options.before]) if (tree !== undefined) await run(tree)
      measures.push(...(await repeatFresh(run, rowsOf(system.toUpperCase()), options, { least: 15, most: 60 })))
    }
    return measures
  },
}
