import { atMost, type Benchmark, type Measure } from '../benchmark.ts'
import { runFresh, withSources } from '../fresh/run-fresh.ts'

const budgetText = 'first sight of a text: scan ≈ 1 ns a character, linear; the parser only when the scan is in doubt'

/** Below this length what a call costs in any case is more than what its characters cost. */
const longLength = 5_000

/** What a text costs when it is seen for the first time, and when it is seen again. */
export const firstSight: Benchmark = {
  name: 'first-sight',
  async run({ quick, progress }) {
    progress('first sight of texts by length')
    const spend = quick ? 1e7 : 1e8
    const nanos = await runFresh<Record<string, number>>(withSources, 'first-sight.ts', String(spend))
    const measures = Object.entries(nanos).map(([name, value]) => toMeasure(name, value))
    return [...measures, linearity(nanos)]
  },
}

const descriptions: Readonly<Record<string, string>> = {
  scan: 'scan alone',
  'scan two-byte': 'scan alone, text beyond Latin-1',
  first: 'first sight, the scan decides',
  doubtful: 'first sight, the parser decides',
  same: 'seen before, the same string',
  equal: 'seen before, an equal string',
}

function toMeasure(name: string, nanos: number): Measure {
  const [, kind = '', digits = ''] = /^(.*) (\d+)$/.exec(name) ?? []
  const length = Number(digits)
  const what = `${descriptions[kind]}, ${length.toLocaleString('en')} characters`
  const isScan = kind.startsWith('scan')
  if (!isScan) return { what, value: nanos / 1000, unit: 'µs' }
  const budget = length >= longLength ? { budget: atMost(1, budgetText) } : {}
  return { what, value: nanos / length, unit: 'ns/character', ...budget }
}

function linearity(nanos: Readonly<Record<string, number>>): Measure {
  const short = (nanos[`scan ${longLength}`] ?? Number.NaN) / longLength
  const long = (nanos['scan 10000000'] ?? Number.NaN) / 10_000_000
  return {
    what: 'scan: a character of 10,000,000 against one of 5,000',
    value: long / short,
    unit: '×',
    budget: atMost(1.25, budgetText),
  }
}
