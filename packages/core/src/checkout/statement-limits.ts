import type { Analysis } from '../analyze/analysis.ts'
import { InvalidOptionError } from '../errors.ts'
import { resolveFrom, type OptionTable } from '../options.ts'

/** How long the server may take. `Infinity` is never. */
export interface StatementLimitOptions {
  /**
   * How long a statement may run before it is cancelled and fails with a `StatementTimeoutError`, in whole
   * milliseconds. Inside a transaction the server limits it by `SET LOCAL statement_timeout`, sent once after the BEGIN;
   * a transaction that sets its own limit keeps that. A cursor's limit there includes the pauses of its reader. Outside
   * a transaction, a timer and a CancelRequest limit the statement, including its wait for a server connection of the
   * pooler. @default Infinity
   */
  readonly statementTimeoutMillis?: number
  /**
   * How long a BEGIN may wait for its answer before its connection is closed and the call fails with a
   * `PoolerWaitError`, in whole milliseconds. Behind a pooler, this is the wait for a server connection.
   * @default Infinity
   */
  readonly poolerWaitTimeoutMillis?: number
}

/** The limits with their defaults filled in. */
export interface StatementLimits {
  readonly statementTimeoutMillis: number
  readonly poolerWaitTimeoutMillis: number
}

/** PostgreSQL's own bound of `statement_timeout`, and that of Node's timers. */
const longest = 2_147_483_647

/** How each option is checked, and its default. */
export const statementLimitTable: OptionTable<StatementLimitOptions, StatementLimits> = {
  statementTimeoutMillis: ({ statementTimeoutMillis = Infinity }) =>
    checkWholeMillis('statementTimeoutMillis', statementTimeoutMillis),
  poolerWaitTimeoutMillis: ({ poolerWaitTimeoutMillis = Infinity }) =>
    checkWholeMillis('poolerWaitTimeoutMillis', poolerWaitTimeoutMillis),
}

/**
 * Fills in the defaults.
 *
 * @param what the function that was given the options, for messages: `guardClient()`
 * @throws InvalidOptionError for an unknown option, and for a limit that is no whole number of milliseconds
 */
export function resolveStatementLimits(what: string, options: StatementLimitOptions = {}): StatementLimits {
  return resolveFrom(what, options, statementLimitTable)
}

function checkWholeMillis(option: string, given: unknown): number {
  if (given === Infinity) return given
  if (typeof given === 'number' && Number.isInteger(given) && given > 0 && given <= longest) return given
  throw new InvalidOptionError(
    option,
    given,
    `a whole number of milliseconds from 1 to ${longest}, or Infinity for no limit`,
  )
}

/** Whether there is anything to watch. */
export function hasStatementLimits({ statementTimeoutMillis, poolerWaitTimeoutMillis }: StatementLimits): boolean {
  return statementTimeoutMillis !== Infinity || poolerWaitTimeoutMillis !== Infinity
}

/** What limits the statements of one transaction, and ends with it. */
export function limitOfTransaction(millis: number): string {
  return `SET LOCAL statement_timeout = ${millis}`
}

/** Whether a text may set a limit of its own, in whatever form. */
export function mayLimitItself(sql: string): boolean {
  return /statement_timeout/i.test(sql)
}

/**
 * Whether a text does nothing but begin a transaction: the server takes no time for it, so that what it took is
 * waiting.
 */
export function onlyBegins({ steps, isBatch }: Analysis): boolean {
  return !isBatch && steps.length === 1 && steps[0]?.control?.does === 'begin'
}

/** Whether a text that was sent inside a transaction ends it and leaves another one open: `COMMIT AND CHAIN`. */
export function beginsAnew({ steps }: Analysis): boolean {
  const controls = steps.map(({ control }) => control)
  const end = controls.findLastIndex((control) => control?.does === 'commit' || control?.does === 'rollback')
  return (
    end >= 0 && (controls[end]?.chains === true || controls.slice(end).some((control) => control?.does === 'begin'))
  )
}
