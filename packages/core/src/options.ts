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

/** The keys of an interface as a list. A key that is missing, or that the interface does not have, is a type error. */
export function keysOf<Keyed>(keys: { readonly [Key in keyof Keyed]-?: true }): readonly (keyof Keyed & string)[] {
  return Object.keys(keys) as (keyof Keyed & string)[]
}

/**
 * One entry for each option, by its name: returns the value of the option, checked, or its default. An option without
 * an entry is a type error. The names of all options derive from the table.
 */
export type OptionTable<Options, Resolved extends { readonly [Name in keyof Options]-?: unknown }> = {
  readonly [Name in keyof Required<Options>]: (given: Options) => Resolved[Name]
}

/** The names of all options of a table, in its order. */
export function namesOf<Options, Resolved extends { readonly [Name in keyof Options]-?: unknown }>(
  table: OptionTable<Options, Resolved>,
): readonly (keyof Options & string)[] {
  return Object.keys(table) as (keyof Options & string)[]
}

/**
 * Checks all options and fills in their defaults.
 *
 * @param what the function that was given the options, for messages: `createGuard()`
 * @throws InvalidOptionError for an unknown option, and for a value that an option cannot have
 */
export function resolveFrom<Options extends object, Resolved extends { readonly [Name in keyof Options]-?: unknown }>(
  what: string,
  given: Options,
  table: OptionTable<Options, Resolved>,
): Resolved {
  const names = namesOf(table)
  checkObject(what, given, names)
  return Object.fromEntries(names.map((name) => [name, table[name](given)])) as unknown as Resolved
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
