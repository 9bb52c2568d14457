import { atMost, type Benchmark, type Measure } from '../benchmark.ts'
import { repeatFresh } from '../fresh/repeat.ts'
import { runFresh, withSources } from '../fresh/run-fresh.ts'

const count = '1400'
const memoryBudget = atMost(60, 'the first parses of a process: at most 60 MB above the start')

/** The first parses of a process, compared with a parser that V8 optimises in the background. */
export const parser: Benchmark = {
  name: 'parser',
  async run(options) {
    const measures: Measure[] = []
    for (const name of ['poolsafe', 'libpg-query'] as const) {
      const what = name === 'poolsafe' ? 'first 1,400 parses' : 'first 1,400 parses of libpg-query, optimised by V8'
      const run = (tree: string): Promise<Record<'micros' | 'peakBytes', number>> =>
        runFresh(tree, withSources, 'first-parses.ts', name, count)
      const memory = {
        figure: 'peakBytes',
        what: `${what}: highest RSS above the start`,
        unit: 'MB',
        scale: 1e-6,
        margin: 5,
        ...(name === 'poolsafe' && { budget: memoryBudget }),
      } as const
      const time = { figure: 'micros', what: `${what}: CPU time of one`, unit: 'µs' } as const
      measures.push(...(await repeatFresh(run, [memory, time], options, { least: 5, most: 15 })))
    }
    return measures
  },
}
