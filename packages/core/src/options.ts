import { InvalidOptionError } from './errors.ts'

/**
 * Refuses what is not a plain object with these keys alone: a misspelt option would otherwise be silently without effect.
 *
 * @throws InvalidOptionError
 */
export function checkObject(what: string, given: unknown, keys: readonly string[]): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new InvalidOptionError(what, given, `an object with the options ${keys.join(', ')}`)
  }
  const unknown = Object.keys(given).find((key) => !keys.includes(key))
  if (unknown !== undefined) throw new InvalidOptionError(`an option of ${what}`, unknown, `one of ${keys.join(', ')}`)
}

/** @throws InvalidOptionError for a value that is not one of `allowed` */
export function checkOneOf<Value extends string>(option: string, given: unknown, allowed: readonly Value[]): Value {
  const found = allowed.find((value) => value === given)
  if (found === undefined) throw new InvalidOptionError(option, given, `one of ${allowed.map((value) => `'${value}'`).join(', ')}`)
  return found
}
