import { atMost, type Benchmark } from '../benchmark.ts'
import { repeatFresh, type Row } from '../fresh/repeat.ts'
import { runFresh, withSources } from '../fresh/run-fresh.ts'

const forms: Readonly<Record<string, string>> = {
  execute: 'EXECUTE a; repeated',
  settings: 'SET a.x1 = 1; with changing names',
  savepoints: 'thousands of savepoints, then ROLLBACK TO unknown names',
  identifiers: 'identifiers of 4,000 characters',
  blocks: 'DO blocks inside each other',
}

// Quadratic work shows 4. The garbage collector and the caches of the processor take more for a longer text, too.
const budget = atMost(2.5, 'work grows no faster than the text')

const rows: readonly Row<string>[] = Object.entries(forms).flatMap(([figure, what]) => [
  { figure, what: `${what}, 240,000 characters`, unit: 'ns/character' },
  {
    figure: `${figure} growth`,
    what: `${what}: a character of 240,000 against one of 60,000`,
    unit: '×',
    budget,
    margin: 0.5,
  },
])

/** Measures if the analysis of repetitive texts takes time in proportion to their length. */
export const growth: Benchmark = {
  name: 'growth',
  run: (options) =>
    repeatFresh((tree) => runFresh<Record<string, number>>(tree, withSources, 'growth.ts'), rows, options, {
      least: 3,
      most: 15,
    }),
}
