import { createGuard } from '@poolsafe/core'
import { generate } from './generate.ts'
import { Random } from './random.ts'
import { examples } from './vocabulary.ts'

/** The analysis of a text that repeats one statement, at two lengths. */
export interface Growth {
  /** The repeated statement; `#` stands for a number that counts up. */
  readonly statement: string
  /** CPU time a character, in nanoseconds, by length. */
  readonly nanosByLength: readonly number[]
  /** The longer text's time a character, as a multiple of the shorter one's. Quadratic work shows 4, linear work 1. */
  readonly growth: number
}

/** Statements that are repeated in one run. */
const statementsOfRun = 80
const lengths = [20_000, 80_000] as const
/** The garbage collector and the caches of the processor take a part that grows with the length. */
const mostGrowth = 2.5
/** Below this, growth does not matter: a text of 80,000 characters is analysed in 8 ms. */
const cheapNanos = 100

/**
 * Repeats random statements, and examples of the rules, to texts of two lengths and compares the time a character that
 * their analysis takes. Both are measured in one run as CPU time of this process, so a busy machine does not matter.
 */
export function measureGrowth(seed: number): Growth[] {
  const guard = createGuard({ cacheBytes: 0 })
  const analyze = (sql: string): unknown => guard.inspect(sql)
  return Array.from({ length: statementsOfRun }, (_, index) => growthOf(statementOf(seed, index), analyze))
}

/** Statements whose analysis takes more than linear time. */
export function grownTooFast(growths: readonly Growth[]): string[] {
  return growths
    .filter(({ growth, nanosByLength }) => growth > mostGrowth && nanosByLength.some((nanos) => nanos > cheapNanos))
    .map(({ statement, growth }) => {
      const times = lengths[1] / lengths[0]
      return `The analysis is not linear for ${JSON.stringify(statement)}: ${growth.toFixed(1)} × the time a character for ${times} times the length.`
    })
}

function statementOf(seed: number, index: number): string {
  const random = new Random(seed, index)
  const statement = index % 3 === 0 ? generate(seed, index) : random.pick(examples)
  if (index % 2 === 0) return statement
  const words = [...statement.matchAll(/\b[a-z]\w*\b/gi)]
  if (words.length === 0) return statement
  const { index: at, 0: word } = random.pick(words)
  return `${statement.slice(0, at + word.length)}#${statement.slice(at + word.length)}`
}

/** Measures one statement. What seems to grow is measured again before it is believed. */
export function growthOf(statement: string, analyze: (sql: string) => unknown, attempts = 4): Growth {
  const nanosByLength = lengths.map((length) => bestNanos(textOf(statement, length), analyze) / length)
  const [shorter = 0, longer = 0] = nanosByLength
  const growth = longer / shorter
  const isSuspect = growth > mostGrowth && longer > cheapNanos && attempts > 1
  return isSuspect ? growthOf(statement, analyze, attempts - 1) : { statement, nanosByLength, growth }
}

function textOf(statement: string, length: number): string {
  const parts: string[] = []
  for (let index = 0, sum = 0; sum < length; index++) {
    const part = `${statement.replace('#', String(index))};\n`
    parts.push(part)
    sum += part.length
  }
  return parts.join('')
}

function bestNanos(sql: string, analyze: (sql: string) => unknown): number {
  const nanos = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage()
    analyze(sql)
    const { user, system } = process.cpuUsage(before)
    return (user + system) * 1000
  })
  return Math.min(...nanos)
}
