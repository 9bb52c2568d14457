import { randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'

/** The options of the fuzz commands: `--seed 1 --count 2000000 --first 0 --workers 2`. */
export interface FuzzOptions {
  readonly seed: number
  readonly count: number
  readonly first: number
  readonly workers: number
}

/** Reads the command line. Without `--seed` the seed is random; each command prints it. */
export function fuzzOptions(count: number): FuzzOptions {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: String(randomInt(2 ** 32)) },
      count: { type: 'string', default: String(count) },
      first: { type: 'string', default: '0' },
      workers: { type: 'string', default: String(availableParallelism()) },
    },
  })
  const wholeNumber = (option: keyof typeof values, least: number): number => {
    const value = Number(values[option])
    if (!Number.isInteger(value) || value < least || value > 2 ** 32)
      throw new Error(`--${option} is a whole number from ${least} to 2^32.`)
    return value
  }
  return {
    seed: wholeNumber('seed', 0),
    count: wholeNumber('count', 1),
    first: wholeNumber('first', 0),
    workers: wholeNumber('workers', 1),
  }
}
