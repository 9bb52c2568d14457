import { classifyFailure, PoolsafeError } from '@poolsafe/core'

/**
 * Runs one SQL text on a connection of your driver, and returns its rows as objects. The texts have no parameters, so
 * the simple protocol suffices. All texts of one call of this package must run on the same connection.
 */
export type Ask = (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>

/** The database did not answer, or not as expected. */
export class DatabaseUnreadableError extends PoolsafeError {
  static override readonly name: string = 'DatabaseUnreadableError'
}

/**
 * Runs a query whose rows come as one JSON text, so that every driver returns the same.
 *
 * @throws DatabaseUnreadableError
 */
export async function askRows<Row>(ask: Ask, what: string, sql: string): Promise<Row[]> {
  try {
    const [row] = await ask(`SELECT coalesce(json_agg(q), '[]')::text AS rows FROM (${sql}) q`)
    const text = row?.['rows']
    if (typeof text !== 'string') throw new Error('the answer has no rows')
    return JSON.parse(text) as Row[]
  } catch (error) {
    throw new DatabaseUnreadableError(`poolsafe could not read ${what}: ${messageOf(error)}`, { cause: error })
  }
}

/** Something that could not be seen, and why. */
export interface Unseen {
  readonly what: string
  readonly why: string
}

/**
 * Runs a query that may be refused inside an open transaction. A refusal is noted and does not end the transaction.
 *
 * @throws DatabaseUnreadableError if the connection is gone
 */
export async function tryRows<Row>(ask: Ask, what: string, sql: string, unseen: Unseen[]): Promise<Row[]> {
  await ask('SAVEPOINT poolsafe')
  try {
    const rows = await askRows<Row>(ask, what, sql)
    await ask('RELEASE SAVEPOINT poolsafe')
    return rows
  } catch (error) {
    unseen.push({ what, why: messageOf(error instanceof DatabaseUnreadableError ? error.cause : error) })
    await rollBack(ask, what, error)
    return []
  }
}

async function rollBack(ask: Ask, what: string, cause: unknown): Promise<void> {
  try {
    await ask('ROLLBACK TO SAVEPOINT poolsafe')
  } catch {
    throw new DatabaseUnreadableError(`the connection was lost while poolsafe read ${what}: ${messageOf(cause)}`, {
      cause,
    })
  }
}

/** Returns what a failure means and what helps, as another sentence of a message; empty if it is not known. */
export function adviceOn(error: unknown): string {
  const failure = classifyFailure(error)
  return failure === undefined ? '' : `: ${failure.why}. Instead: ${failure.instead}`
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/**
 * Runs work in a transaction that only reads, sees one state of the catalog, ends by itself and looks names up in
 * pg_catalog only. Nothing stays on the connection, so it may go through a transaction pooler.
 */
export async function readOnly<Result>(ask: Ask, work: () => Promise<Result>): Promise<Result> {
  await begin(ask)
  try {
    return await work()
  } finally {
    await ask('ROLLBACK').catch(() => {})
  }
}

async function begin(ask: Ask): Promise<void> {
  try {
    await ask('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    await ask("SET LOCAL search_path = pg_catalog; SET LOCAL statement_timeout = '60s'; SET LOCAL lock_timeout = '5s'")
  } catch (error) {
    throw new DatabaseUnreadableError(`poolsafe could not begin a transaction: ${messageOf(error)}${adviceOn(error)}`, {
      cause: error,
    })
  }
}
