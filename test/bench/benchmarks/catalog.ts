import { atMost, type Benchmark, type BenchmarkOptions, type Measure } from '../benchmark.ts'
import { repeatFresh, type Row } from '../fresh/repeat.ts'
import { runFresh, withSources } from '../fresh/run-fresh.ts'

const what = 'a catalog of 2,000 functions and 200 tables'
const budget = atMost(1.5, 'first sight with a catalog: ≤ 1.5 times as long a character')

const rows: readonly Row<string>[] = [
  { figure: 'hit plain', what: 'seen before, without a catalog', unit: 'µs', scale: 1 / 1000 },
  { figure: 'hit', what: `seen before, ${what}`, unit: 'µs', scale: 1 / 1000 },
  { figure: 'scan statement ratio', what: 'scan of a statement of 400 characters, against none', unit: '×', budget },
  { figure: 'scan 500 ratio', what: 'scan of 500 characters, against none', unit: '×', budget },
  { figure: 'scan 5000 ratio', what: 'scan of 5,000 characters, against none', unit: '×', budget },
  { figure: 'first statement plain', what: 'first sight of the statement, without one', unit: 'µs', scale: 1 / 1000 },
  { figure: 'first statement', what: `first sight of the statement, ${what}`, unit: 'µs', scale: 1 / 1000 },
  { figure: 'construction', what: `createGuard(), ${what}`, unit: 'ms' },
  { figure: 'kept', what: `heap kept, ${what}`, unit: 'MB', scale: 1e-6 },
  { figure: 'file', what: 'characters of the file', unit: 'kB', scale: 1e-3 },
]

/**
 * Measures the cost of a guard that knows the code of a database. An older commit may not know any, so none is
 * compared.
 */
export const catalog: Benchmark = {
  name: 'catalog',
  run: ({ tree, quick, separate, progress }: BenchmarkOptions): Promise<Measure[]> =>
    repeatFresh(
      (own) => runFresh<Record<string, number>>(own, withSources, 'catalog.ts', quick ? '1e7' : '3e7'),
      rows,
      { tree, quick, separate, progress: (text) => progress(text) },
      { least: 5, most: 15 },
    ),
}
