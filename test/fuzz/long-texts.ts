import { scanSaysHarmless } from '@poolsafe/core/internal'
import { functions, keywords } from './vocabulary.ts'

/** Nanoseconds a character, by length. */
export interface Timing {
  readonly shape: string
  readonly nanosByLength: readonly number[]
  /** The longest text's time a character, as a multiple of that of a text a tenth as long. */
  readonly growth: number
}

export const lengths = [100_000, 1_000_000, 10_000_000] as const

/** A quadratic scan shows 10, a linear one about 1; memory further from the core costs something too. */
export const mostGrowth = 5

/** Texts that make a careless scan go back and forth: what opens and never ends, what nearly matches at every place. */
const shapes: Readonly<Record<string, (length: number) => string>> = {
  'plain SQL': repeated('SELECT "a", b FROM t WHERE c = $1 AND '),
  'all (': repeated('('),
  'all /*': repeated('/*'),
  'all /*/': repeated('/*/'),
  'all /* */': repeated('/* */'),
  'all --': repeated('--'),
  'all -- and line ends': repeated('--\n'),
  'all white space': repeated(' \t\r\n'),
  "select, then all '": repeated("'", 'select '),
  'select, then all "': repeated('"', 'select '),
  'select, then all & "': repeated('& "', 'select '),
  'all ;': repeated(';', 'select '),
  'a semicolon, then blanks': repeated(' ', 'select 1;'),
  'a semicolon, then no-break spaces': repeated('\u00a0', 'select 1;'),
  'select, then all $': repeated('$', 'select '),
  'select, then all \\': repeated('\\', 'select '),
  'select, then all _': repeated('_', 'select '),
  'select, then beginnings of names': repeated(
    almost((name) => name.slice(0, -1)),
    'select ',
  ),
  'select, then names without their beginnings': repeated(
    almost((name) => name.slice(1)),
    'select ',
  ),
  'select, then keywords inside words': repeated(keywords.map((word) => `x${word}y`).join(' '), 'select '),
  'select, then one letter': repeated('p', 'select '),
  'beyond Latin-1': repeated('\u4e16\u754c \ud83d\ude00', 'select '),
  'beyond Latin-1, all (': (length) => `${'('.repeat(length - 1)}\u4e16`,
  'beyond Latin-1, all /*': (length) => `${'/*'.repeat(length / 2 - 1)}\u4e16`,
}

function repeated(part: string, start = ''): (length: number) => string {
  return (length) =>
    start + part.repeat(Math.ceil((length - start.length) / part.length)).slice(0, length - start.length)
}

/**
 * Names that nearly match, joined. A text that is or contains another name is left out, because the scan would read no
 * further.
 */
function almost(change: (name: string) => string): string {
  return functions
    .map((name) => `${change(name)} `)
    .filter((word) => scanSaysHarmless(`select ${word}`))
    .join('')
}

/** Times the scan of every shape. */
export function timeLongTexts(): Timing[] {
  return Object.entries(shapes).map(([shape, textOf]) => timed(shape, textOf))
}

/** The machine may be busy: what seems to grow is timed again before it is believed. */
function timed(shape: string, textOf: (length: number) => string, attempts = 4): Timing {
  const nanosByLength = lengths.map((length) => bestNanos(textOf(length)) / length)
  const [, shorter = 0, longest = 0] = nanosByLength
  // Below a hundredth of a nanosecond the scan has not read the text: there is nothing to compare.
  const growth = longest / Math.max(shorter, 0.01)
  return growth > mostGrowth && attempts > 1 ? timed(shape, textOf, attempts - 1) : { shape, nanosByLength, growth }
}

/**
 * The best of several times. The first makes the text flat: V8 keeps a concatenation as a tree until it is read.
 */
function bestNanos(text: string): number {
  const nanos = Array.from({ length: 5 }, () => {
    const start = process.hrtime.bigint()
    scanSaysHarmless(text)
    return Number(process.hrtime.bigint() - start)
  })
  return Math.min(...nanos)
}
