import { InvalidOptionError } from './errors.ts'

/**
 * Checks that a value is a plain object with these keys only, because a misspelled option would silently have no
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

/** Returns the keys of an interface as a list. A missing or unknown key is a type error. */
export function keysOf<Keyed>(keys: { readonly [Key in keyof Keyed]-?: true }): readonly (keyof Keyed & string)[] {
  return Object.keys(keys) as (keyof Keyed & string)[]
}

/**
 * One entry for each option, which returns the checked value or the default. An option without an entry is a type
 * error. The names of all options derive from the table.
 */
export type OptionTable<Options, Resolved extends { readonly [Name in keyof Options]-?: unknown }> = {
  readonly [Name in keyof Required<Options>]: (given: Options) => Resolved[Name]
}

/** Returns the names of all options of a table, in its order. */
export function namesOf<Options, Resolved extends { readonly [Name in keyof Options]-?: unknown }>(
  table: OptionTable<Options, Resolved>,
): readonly (keyof Options & string)[] {
  return Object.keys(table) as (keyof Options & string)[]
}

/**
 * Checks all options and fills in their defaults.
 *
 * @param what the function that was given the options, for messages: `createGuard()`
 * @throws InvalidOptionError for an unknown option and for an invalid value
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

/** @throws InvalidOptionError for a value that is not a function */
export function checkFunction(option: string, given: unknown): void {
  if (typeof given !== 'function') throw new InvalidOptionError(option, given, 'a function')
}

/** @throws InvalidOptionError for a value that is not a boolean */
export function checkBoolean(option: string, given: unknown): boolean {
  if (typeof given === 'boolean') return given
  throw new InvalidOptionError(option, given, 'true or false')
}

/** @throws InvalidOptionError for a value that is not a whole number, or is below `least` */
export function checkWholeNumber(option: string, given: unknown, least: number): number {
  if (typeof given === 'number' && Number.isInteger(given) && given >= least) return given
  throw new InvalidOptionError(option, given, `a whole number of at least ${least}`)
}

/** Maximum number of typing errors in a recognised name. */
const mostEdits = 2

/** Returns the known name that is closest to a misspelled one; `undefined` if none is near. */
export function closest(given: unknown, names: readonly string[]): string | undefined {
  if (typeof given !== 'string') return undefined
  // The most frequent mistake is a missing unit in a name.
  if (names.includes(`${given}Millis`)) return `${given}Millis`
  const near = names.filter((name) => Math.abs(name.length - given.length) <= mostEdits)
  const [best] = near.map((name) => ({ name, edits: editsBetween(given, name) })).toSorted((a, b) => a.edits - b.edits)
  return best !== undefined && best.edits <= mostEdits && best.edits <= given.length / 2 ? best.name : undefined
}

/** Returns the Levenshtein distance: how many letters were inserted, left out or replaced. */
function editsBetween(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let at = 0; at < one.length; at++) {
    const next = [at + 1]
    for (let to = 0; to < other.length; to++) {
      const replaced = (row[to] ?? 0) + (one[at] === other[to] ? 0 : 1)
      next.push(Math.min(replaced, (row[to + 1] ?? 0) + 1, (next[to] ?? 0) + 1))
    }
    row = next
  }
  return row[other.length] ?? 0
}
