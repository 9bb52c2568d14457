import { InvalidOptionError } from '../errors.ts'
import { ruleById } from '../rules/index.ts'
import { descriptionVersion, type CatalogDescription } from './description.ts'

const again = 'write it again with poolsafe audit --write'

/**
 * Checks that a value is a description of a catalog that this version can read.
 *
 * @param from where it comes from, for the message: the path of its file
 * @throws InvalidOptionError that says what is wrong, and where
 */
export function checkDescription(value: unknown, from?: string): CatalogDescription {
  const fail = (what: string): never => {
    throw new InvalidOptionError('catalog', from ?? value, `a catalog that poolsafe audit --write has written: ${what}`)
  }
  if (!isObject(value) || value['format'] !== 'poolsafe.catalog') return fail('this is something else')
  const { version } = value
  if (version !== descriptionVersion)
    return fail(`its version is ${numberOf(version)}, and this poolsafe reads ${descriptionVersion}; ${again}`)
  const problem = problemOf(value, description, 'it')
  if (problem !== undefined) return fail(`${problem}; ${again}`)
  return value as unknown as CatalogDescription
}

/** Returns what is wrong with a value; `undefined` if nothing is. */
type Check = (value: unknown, at: string) => string | undefined

type Shape = Readonly<Record<string, Check>>

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function numberOf(version: unknown): string {
  return typeof version === 'number' ? String(version) : 'not a number'
}

function problemOf(value: Readonly<Record<string, unknown>>, shape: Shape, at: string): string | undefined {
  for (const [key, check] of Object.entries(shape)) {
    const problem = check(value[key], at === 'it' ? key : `${at}.${key}`)
    if (problem !== undefined) return problem
  }
  return undefined
}

const text: Check = (value, at) => (typeof value === 'string' ? undefined : `${at} must be a text`)
const whole: Check = (value, at) =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 ? undefined : `${at} must be a whole number`
const isTrue: Check = (value, at) => (value === true ? undefined : `${at} must be true or absent`)

function optional(check: Check): Check {
  return (value, at) => (value === undefined ? undefined : check(value, at))
}

function oneOf(allowed: readonly string[]): Check {
  return (value, at) => (allowed.includes(value as string) ? undefined : `${at} must be one of ${allowed.join(', ')}`)
}

function listOf(check: Check): Check {
  return (value, at) => {
    if (!Array.isArray(value)) return `${at} must be a list`
    for (const [index, each] of value.entries()) {
      const problem = check(each, `${at}[${index}]`)
      if (problem !== undefined) return problem
    }
    return undefined
  }
}

function objectOf(shape: Shape): Check {
  return (value, at) => (isObject(value) ? problemOf(value, shape, at) : `${at} must be an object`)
}

const texts = listOf(text)

const rule: Check = (value, at) =>
  typeof value === 'string' && Object.hasOwn(ruleById, value)
    ? undefined
    : `${at} names a rule that does not exist here`

const effects = listOf(
  objectOf({
    rule,
    state: text,
    what: text,
    does: optional(oneOf(['leaves', 'needs', 'clears', 'undoes', 'ineffective', 'unknown'])),
    when: optional(oneOf(['always', 'autocommit', 'transaction', 'unpinned'])),
    object: optional(text),
    via: optional(texts),
    becomes: optional(text),
    isUncertain: optional(isTrue),
    masks: optional(isTrue),
    isUnqualified: optional(isTrue),
    hides: optional(isTrue),
    localIf: optional(whole),
    ifOmitted: optional(whole),
  }),
)

const code: Shape = { leaves: effects, undecided: optional(text) }
const object: Shape = { ...code, schema: text, name: text, isBuiltIn: optional(isTrue) }

const description: Shape = {
  writtenAt: text,
  database: text,
  serverVersion: whole,
  searchPath: texts,
  routines: listOf(
    objectOf({
      ...object,
      least: whole,
      most: whole,
      isVariadic: optional(isTrue),
      parameters: optional(listOf(objectOf({ name: optional(text), type: text, default: optional(text) }))),
      runs: optional(effects),
    }),
  ),
  relations: listOf(
    objectOf({
      schema: text,
      name: text,
      hooks: listOf(
        objectOf({
          ...code,
          use: oneOf(['select', 'insert', 'update', 'delete', 'truncate', 'refresh']),
          ofColumns: optional(texts),
          defaultOf: optional(text),
          position: optional(whole),
          ofChildren: optional(isTrue),
        }),
      ),
    }),
  ),
  operators: listOf(objectOf(object)),
  types: listOf(objectOf({ ...object, isCast: optional(isTrue) })),
  eventTriggers: listOf(objectOf({ ...code, name: text, event: text, tags: optional(texts) })),
}
