import Table from 'cli-table3'
import type { Growth } from './growth.ts'
import { lengths, type Timing } from './long-texts.ts'
import { weakenedScans } from './weakened.ts'
import type { Failure, Tally } from './tally.ts'

export function reportCounts({ counts }: Tally): string {
  const { texts, harmless, harmlessAccepted, harmlessReadTwice, accepted, dangerous, beyondParser, characters } = counts
  return table(
    ['', 'texts', 'share'],
    [
      ['made and judged', number(texts), `${(characters / texts).toFixed(0)} characters`],
      ['accepted by PostgreSQL’s parser', number(accepted), share(accepted, texts)],
      ['the scan says harmless', number(harmless), share(harmless, texts)],
      ['  of those, accepted by the parser', number(harmlessAccepted), share(harmlessAccepted, harmless)],
      [
        '  of those, read with standard_conforming_strings = off, too',
        number(harmlessReadTwice),
        share(harmlessReadTwice, harmless),
      ],
      ['the scan leaves it to the parser, which finds something', number(dangerous), share(dangerous, texts)],
      ['too long or too deep for the parser', number(beyondParser), share(beyondParser, texts)],
    ],
  )
}

export function reportRules({ byRule }: Tally): string {
  const rows = Object.entries(byRule).toSorted(([, a], [, b]) => a - b)
  return table(
    ['dangerous texts by rule', 'texts'],
    rows.map(([rule, count]) => [rule, number(count)]),
  )
}

export function reportWeakened({ missedBy }: Tally): string {
  const rows = [...weakenedScans.keys()].map((hole) => [hole, number(missedBy[hole] ?? 0)])
  return table(['a scan that …', 'would have missed'], rows)
}

export function reportTimings(timings: readonly Timing[]): string {
  const heads = ['ns a character', ...lengths.map((length) => number(length)), 'growth']
  return table(
    heads,
    timings.map(({ shape, nanosByLength, growth }) => [
      shape,
      ...nanosByLength.map((nanos) => nanos.toFixed(3)),
      `${growth.toFixed(2)} ×`,
    ]),
  )
}

/** The repeated statements whose analysis grew most. */
export function reportGrowth(growths: readonly Growth[]): string {
  const most = growths.toSorted((a, b) => b.growth - a.growth).slice(0, 5)
  return table(
    [`ns a character, of ${growths.length} repeated statements`, 'short', 'four times as long', 'growth'],
    most.map(({ statement, nanosByLength: [short = 0, long = 0], growth }) => {
      return [JSON.stringify(statement).slice(0, 60), short.toFixed(0), long.toFixed(0), `${growth.toFixed(2)} ×`]
    }),
  )
}

/** @param shortest the failing text with all left out that can be */
export function reportFailure({ index, text, what }: Failure, shortest: string, seed: number): string {
  return [
    `Text ${index}: ${what}`,
    `  as found  ${JSON.stringify(text)}`,
    `  minimised ${JSON.stringify(shortest)}`,
    `  again     npm run fuzz -- --seed ${seed} --first ${index} --count 1`,
  ].join('\n')
}

function table(head: string[], rows: string[][]): string {
  const colAligns = head.map((_, index) => (index === 0 ? 'left' : 'right'))
  const made = new Table({ head, colAligns, style: { head: [], border: [], compact: true } })
  made.push(...rows)
  return made.toString()
}

function number(value: number): string {
  return value.toLocaleString('en')
}

function share(part: number, whole: number): string {
  return whole === 0 ? '' : `${((part / whole) * 100).toFixed(1)} %`
}
