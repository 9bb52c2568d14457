import { InvalidOptionError } from '../errors.ts'
import { checkMillis } from '../checkout/limits.ts'
import { checkBoolean, checkObject, checkWholeNumber, namesOf, resolveFrom, type OptionTable } from '../options.ts'

/** Limits for some statements that replace the general ones. */
export interface SlowQueryThreshold {
  /** Prisma's model, `Report`. */
  readonly model?: string
  /** The ORM's name for the call, `Report.aggregate`. */
  readonly operation?: string
  /** The `tag` of the request scope. */
  readonly tag?: string
  /** In milliseconds. Use `Infinity` to disable it. */
  readonly slowQueryMillis: number
  /** In milliseconds. @default three times `slowQueryMillis` */
  readonly verySlowQueryMillis?: number
}

/** The observations of poolsafe about statements. */
export interface ObserveOptions {
  /** Statements that take longer are logged as warnings, in milliseconds. @default 1000 */
  readonly slowQueryMillis?: number
  /**
   * Statements that take longer are logged as errors, in milliseconds. @default 3000, or `slowQueryMillis` if that is
   * more
   */
  readonly verySlowQueryMillis?: number
  /** Other limits by model, operation or tag. The first that matches applies. @default [] */
  readonly slowQueryThresholds?: readonly SlowQueryThreshold[]
  /**
   * poolsafe logs slow statements of one fingerprint once in this interval, with a count of the others. In
   * milliseconds. @default 60_000
   */
  readonly slowQueryIntervalMillis?: number
  /** The fraction of slow statements that is logged, from 0 to 1. Events report all of them. @default 1 */
  readonly slowQuerySampleRate?: number
  /**
   * Logs the plan of slow SELECTs without literals. poolsafe requests it on an idle connection with `EXPLAIN
   * (GENERIC_PLAN, FORMAT JSON)`, which needs PostgreSQL 16 or later. @default false
   */
  readonly explainSlowQueries?: boolean
  /**
   * How often one request may send the same statement from the same call site before poolsafe reports it. @default 10
   */
  readonly repeatedQueryLimit?: number
  /** A request scope that is open for longer is reported and closed, in milliseconds. @default 60_000 */
  readonly requestScopeMillis?: number
}

export type ResolvedObserveOptions = Required<ObserveOptions>

const table: OptionTable<ObserveOptions, ResolvedObserveOptions> = {
  slowQueryMillis: ({ slowQueryMillis = 1000 }) => checkMillis('slowQueryMillis', slowQueryMillis),
  verySlowQueryMillis: ({ slowQueryMillis = 1000, verySlowQueryMillis = Math.max(3000, slowQueryMillis) }) => {
    checkPair('', slowQueryMillis, verySlowQueryMillis)
    return verySlowQueryMillis
  },
  slowQueryThresholds: ({ slowQueryThresholds = [] }) => checkThresholds(slowQueryThresholds),
  slowQueryIntervalMillis: ({ slowQueryIntervalMillis }) =>
    checkMillis('slowQueryIntervalMillis', slowQueryIntervalMillis ?? 60_000),
  slowQuerySampleRate: ({ slowQuerySampleRate }) => checkRate(slowQuerySampleRate ?? 1),
  explainSlowQueries: ({ explainSlowQueries }) => checkBoolean('explainSlowQueries', explainSlowQueries ?? false),
  repeatedQueryLimit: ({ repeatedQueryLimit }) => checkLimit(repeatedQueryLimit ?? 10),
  requestScopeMillis: ({ requestScopeMillis }) => checkMillis('requestScopeMillis', requestScopeMillis ?? 60_000),
}

/** The names of the options. */
export const observeOptionNames: readonly (keyof ObserveOptions)[] = namesOf(table)

/** @throws InvalidOptionError for an option that does not exist, and for one that cannot be */
export function resolveObserveOptions(given: ObserveOptions | boolean): ResolvedObserveOptions | false {
  if (given === false) return false
  return resolveFrom('observe', given === true ? {} : given, table)
}

function checkPair(where: string, slow: unknown, verySlow: unknown): void {
  checkMillis(`${where}slowQueryMillis`, slow)
  checkMillis(`${where}verySlowQueryMillis`, verySlow)
  if ((verySlow as number) >= (slow as number)) return
  throw new InvalidOptionError(`${where}verySlowQueryMillis`, verySlow, `at least slowQueryMillis (${String(slow)})`)
}

const keysOfThreshold = ['model', 'operation', 'tag', 'slowQueryMillis', 'verySlowQueryMillis']

function checkThresholds(given: readonly SlowQueryThreshold[]): readonly SlowQueryThreshold[] {
  if (!Array.isArray(given)) throw new InvalidOptionError('slowQueryThresholds', given, 'an array of thresholds')
  for (const [index, threshold] of given.entries()) {
    const where = `slowQueryThresholds[${index}]`
    checkObject(where, threshold, keysOfThreshold)
    const selectors = [threshold.model, threshold.operation, threshold.tag].filter((each) => each !== undefined)
    if (selectors.length !== 1 || typeof selectors[0] !== 'string' || selectors[0] === '')
      throw new InvalidOptionError(where, threshold, 'an object with one of model, operation and tag, which is a text')
    checkPair(`${where}.`, threshold.slowQueryMillis, threshold.verySlowQueryMillis ?? 3 * threshold.slowQueryMillis)
  }
  return given
}

function checkRate(given: number): number {
  if (typeof given === 'number' && given >= 0 && given <= 1) return given
  throw new InvalidOptionError('slowQuerySampleRate', given, 'a number from 0 (none) to 1 (all)')
}

function checkLimit(given: number): number {
  return given === Infinity ? given : checkWholeNumber('repeatedQueryLimit', given, 1)
}
