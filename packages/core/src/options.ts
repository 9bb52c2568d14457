import { closest } from './closest.ts'
import { InvalidOptionError } from './errors.ts'

/**
 * Refuses what is not a plain object with these keys alone: a misspelt option would otherwise be silently without
 * effect.
 *
 * @throws InvalidOptionError
 */
export function checkObject(what: string, given: unknown, keys: readonly string[]): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new InvalidOptionError(what, given, `an object with the options ${keys.join(', ')}`)
  }
  const unknown = Object.keys(given).find((key) => !keys.includes(key))
  if (unknown !== undefined)
    throw new InvalidOptionError(`an option of ${what}`, unknown, `one of ${keys.join(', ')}`, closest(unknown, keys))
}

/** @throws InvalidOptionError for a value that is not one of `allowed` */
export function checkOneOf<Value extends string>(option: string, given: unknown, allowed: readonly Value[]): Value {
  const found = allowed.find((value) => value === given)
  if (found !== undefined) return found
  throw new InvalidOptionError(
    option,
    given,
    `one of ${allowed.map((value) => `'${value}'`).join(', ')}`,
    closest(given, allowed),
  )
}

/** @throws InvalidOptionError for what is neither true nor false */
export function checkBoolean(option: string, given: unknown): boolean {
  if (typeof given === 'boolean') return given
  throw new InvalidOptionError(option, given, 'true or false')
}

/** @throws InvalidOptionError for what is no whole number, or one below `least` */
export function checkWholeNumber(option: string, given: unknown, least: number): number {
  if (typeof given === 'number' && Number.isInteger(given) && given >= least) return given
  throw new InvalidOptionError(option, given, `a whole number of at least ${least}`)
}
