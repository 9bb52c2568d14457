import { atMost, type Benchmark } from '../benchmark.ts'
import { builtCore } from '../built-core.ts'
import { runFresh } from '../fresh/run-fresh.ts'
import { median } from '../statistics.ts'

const budgetText = 'import of core: ≤ 10 ms, the parser not loaded; first doubtful statement ≤ 40 ms once'

/** An option for V8, even a harmless one, makes Node compile its own modules anew: 6 ms that no application pays. */
const noOptions: readonly string[] = []

interface Start {
  readonly importMillis: number
  readonly harmlessMillis: number
  readonly parserLoaded: boolean
  readonly doubtfulMillis: number
}

/** The start of a process that uses the built core. */
export const importTime: Benchmark = {
  name: 'import',
  async run({ quick, progress }) {
    progress('import in fresh processes')
    const entry = await builtCore()
    const starts: Start[] = []
    // The first one reads the files from the disk.
    await runFresh(noOptions, 'import.ts', entry)
    for (let index = 0; index < (quick ? 7 : 25); index++)
      starts.push(await runFresh<Start>(noOptions, 'import.ts', entry))
    const middle = (figure: (start: Start) => number): number => median(starts.map(figure))
    return [
      { what: 'import', value: middle((start) => start.importMillis), unit: 'ms', budget: atMost(10, budgetText) },
      { what: 'first statement, the scan decides', value: middle((start) => start.harmlessMillis), unit: 'ms' },
      {
        what: 'parser loaded after it (0 no, 1 yes)',
        value: middle((start) => Number(start.parserLoaded)),
        unit: '',
        budget: atMost(0, budgetText),
      },
      {
        what: 'first statement, the parser decides',
        value: middle((start) => start.doubtfulMillis),
        unit: 'ms',
        budget: atMost(40, budgetText),
      },
    ]
  },
}
