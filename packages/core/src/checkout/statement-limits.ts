import type { Analysis } from '../analyze/analysis.ts'
import { InvalidOptionError } from '../errors.ts'
import { resolveFrom, type OptionTable } from '../options.ts'

/** How long the server may take. Use `Infinity` to disable a limit. */
export interface StatementLimitOptions {
  /**
   * How long a statement may run before it is cancelled and fails with a `StatementTimeoutError`, in whole
   * milliseconds. Inside a transaction the server limits it by `SET LOCAL statement_timeout`, sent once after the
   * BEGIN; a transaction that sets its own limit keeps it. There, a cursor's limit includes the pauses of its reader.
   * Outside a transaction, a timer and a CancelRequest limit the statement, including its wait for a server connection
   * of the pooler. @default Infinity
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

/** The maximum of `statement_timeout` in PostgreSQL, and of Node's timers. */
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
 * @param what the function that received the options, for messages: `guardClient()`
 * @throws InvalidOptionError for an unknown option, and for a limit that is not a whole number of milliseconds
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

/** Returns true if a limit is set. */
export function hasStatementLimits({ statementTimeoutMillis, poolerWaitTimeoutMillis }: StatementLimits): boolean {
  return statementTimeoutMillis !== Infinity || poolerWaitTimeoutMillis !== Infinity
}

/** Returns the statement that limits the statements of one transaction, and ends with it. */
export function limitOfTransaction(millis: number): string {
  return `SET LOCAL statement_timeout = ${millis}`
}

/** Returns true if a statement text may set its own limit, in any form. */
export function mayLimitItself(sql: string): boolean {
  return /statement_timeout/i.test(sql)
}

/**
 * Returns true if a statement text only begins a transaction. The server needs no time for that, so its duration is the
 * wait.
 */
export function onlyBegins({ steps, isBatch }: Analysis): boolean {
  return !isBatch && steps.length === 1 && steps[0]?.control?.does === 'begin'
}

/**
 * Returns true if a statement text, sent inside a transaction, ends it and leaves another one open: `COMMIT AND CHAIN`.
 */
export function beginsAnew({ steps }: Analysis): boolean {
  const controls = steps.map(({ control }) => control)
  const end = controls.findLastIndex((control) => control?.does === 'commit' || control?.does === 'rollback')
  return (
    end >= 0 && (controls[end]?.chains === true || controls.slice(end).some((control) => control?.does === 'begin'))
  )
}
