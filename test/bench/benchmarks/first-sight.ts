import { atMost, type Benchmark } from '../benchmark.ts'
import { repeatFresh, type Row } from '../fresh/repeat.ts'
import { runFresh, withSources } from '../fresh/run-fresh.ts'

const budgetText = 'first sight of a text: scan ≈ 1 ns a character, linear; the parser only when the scan is in doubt'

/** Below this length what a call costs in any case is more than what its characters cost. */
const longLength = 5_000

const descriptions: Readonly<Record<string, string>> = {
  scan: 'scan alone',
  'scan two-byte': 'scan alone, text beyond Latin-1',
  first: 'first sight, the scan decides',
  doubtful: 'first sight, the parser decides',
  same: 'seen before, the same string',
  equal: 'seen before, an equal string',
}

const lengths = {
  scan: [57, 158, 500, 5_000, 100_000, 1_000_000, 10_000_000],
  doubtful: [57, 500, 5_000, 100_000],
  seen: [57, 500, 5_000],
} as const

const rows: readonly Row<string>[] = [
  ...lengths.scan.map((length) => rowOf('scan', length)),
  rowOf('scan two-byte', longLength),
  ...lengths.scan.map((length) => rowOf('first', length)),
  ...lengths.doubtful.map((length) => rowOf('doubtful', length)),
  ...lengths.seen.flatMap((length) => [rowOf('same', length), rowOf('equal', length)]),
  {
    figure: 'linearity',
    what: 'scan: a character of 10,000,000 against one of 5,000',
    unit: '×',
    budget: atMost(1.25, budgetText),
  },
]

/** Measures the cost of a text at its first sight, and at later ones. */
export const firstSight: Benchmark = {
  name: 'first-sight',
  run: (options) => repeatFresh((tree) => figuresOf(tree, options.quick), rows, options, { least: 5, most: 25 }),
}

async function figuresOf(tree: string, isQuick: boolean): Promise<Record<string, number>> {
  const spend = isQuick ? '1e7' : '3e7'
  const nanos = await runFresh<Record<string, number>>(tree, withSources, 'first-sight.ts', spend)
  const perCharacter = (length: number): number => nanos[`scan ${length}`]! / length
  return { ...nanos, linearity: perCharacter(10_000_000) / perCharacter(longLength) }
}

function rowOf(kind: string, length: number): Row<string> {
  const figure = `${kind} ${length}`
  const what = `${descriptions[kind]}, ${length.toLocaleString('en')} characters`
  if (!kind.startsWith('scan')) return { figure, what, unit: 'µs', scale: 1 / 1000 }
  const budget = length >= longLength ? { budget: atMost(1, budgetText) } : {}
  return { figure, what, unit: 'ns/character', scale: 1 / length, ...budget }
}
