import type { AdvisoryLockOptions, Lease, LeaseOptions, Locked, LockKey, Settings } from '@poolsafe/core'
import { InvalidOptionError } from '@poolsafe/core'
import * as core from '@poolsafe/core/internal'
import type { ControlledTransaction, Kysely, Transaction } from 'kysely'
import { rawQuery } from './raw-query.ts'

/** A Kysely, or a transaction of one. */
export type Handle<Tables> = Kysely<Tables> | Transaction<Tables> | ControlledTransaction<Tables>

/**
 * Runs `fn` in a transaction in which the settings hold, and only in it:
 *
 * ```ts
 * const orders = await withSettings(db, { 'app.tenant_id': tenant }, (trx) =>
 *   trx.selectFrom('orders').selectAll().execute(),
 * )
 * ```
 *
 * It costs one round trip more than the transaction: `SELECT set_config('app.tenant_id', $1, true)`.
 *
 * @param db in an open transaction (`trx`), the values of before are put back after `fn`
 * @param settings names and values; values are sent as parameters
 * @throws InvalidOptionError for a name that no setting can have, and for a value that is not a string, a number or a
 *   boolean
 */
export async function withSettings<Tables, Result>(
  db: Handle<Tables>,
  settings: Settings,
  fn: (trx: Transaction<Tables>) => Promise<Result>,
): Promise<Result> {
  return core.withSettings(toDatabase(db, 'withSettings(): db'), settings, fn)
}

/**
 * Runs `fn` in a transaction that holds an advisory lock; the end of the transaction releases it. For jobs of seconds:
 * the transaction stays open. For longer ones see {@link withLease}.
 *
 * @param key a whole number, a pair of them, or a text, which the server hashes
 * @param options `wait`: false, or milliseconds; by default as long as it takes
 * @returns `{ acquired: true, result }`, or `{ acquired: false }`
 * @throws InvalidOptionError for a key or a wait that cannot be
 */
export async function withAdvisoryLock<Tables, Result>(
  db: Handle<Tables>,
  key: LockKey,
  fn: (trx: Transaction<Tables>) => Promise<Result>,
  options?: AdvisoryLockOptions,
): Promise<Locked<Result>> {
  return core.withAdvisoryLock(toDatabase(db, 'withAdvisoryLock(): db'), key, fn, options)
}

/**
 * Runs `fn` while a lease is held: a lock for long jobs without an open transaction and without session state. The
 * lease is a row of a table, which the helper creates where it is missing, and renews while `fn` runs.
 *
 * ```ts
 * await withLease(db, 'import', async (lease) => {
 *   for await (const batch of batches)
 *     await db.transaction().execute(async (trx) => {
 *       await lease.confirm(trx) // fails where another holder has the lease by now
 *       await write(trx, batch)
 *     })
 * }, { leaseMillis: 30_000 })
 * ```
 *
 * @param db not a transaction: the heartbeat must not wait for statements of `fn`
 * @returns `{ acquired: true, result }`, or `{ acquired: false }`
 * @throws InvalidOptionError; LeaseLostError where the lease was lost before `fn` resolved
 */
export async function withLease<Tables, Result>(
  db: Handle<Tables>,
  key: string,
  fn: (lease: Lease<Handle<Tables>>) => Promise<Result>,
  options: LeaseOptions,
): Promise<Locked<Result>> {
  checkKysely(db, 'withLease(): db')
  if (db.isTransaction) throw new InvalidOptionError('withLease(): db', db, 'a Kysely outside of a transaction')
  return core.withLease(runOn(db), runOn, key, fn, options)
}

/**
 * Sends a notification through any pooler. Inside a transaction it goes out with the COMMIT.
 *
 * @param payload at most 7999 bytes
 * @throws InvalidOptionError for a channel that PostgreSQL cannot have, and for a payload that is too long
 */
export async function notify<Tables>(db: Handle<Tables>, channel: string, payload?: string): Promise<void> {
  checkKysely(db, 'notify(): db')
  await core.notify(runOn(db), channel, payload)
}

function toDatabase<Tables>(db: Handle<Tables>, what: string): core.Database<Transaction<Tables>> {
  checkKysely(db, what)
  const { isTransaction } = db
  return {
    isInTransaction: isTransaction,
    transaction: (work) => (isTransaction ? work(db as Transaction<Tables>) : db.transaction().execute(work)),
    runOn,
  }
}

function checkKysely(db: unknown, what: string): void {
  const { executeQuery, isTransaction } = (db ?? {}) as Partial<Kysely<unknown>>
  if (typeof executeQuery !== 'function' || typeof isTransaction !== 'boolean')
    throw new InvalidOptionError(what, db, 'a Kysely or a transaction of one')
}

/** Sends raw SQL past the plugins that rewrite queries, and past schemas that they would add. */
function runOn<Tables>(db: Handle<Tables>): core.Run {
  return async (text, values = []) => {
    const { rows } = await db.withoutPlugins().executeQuery(rawQuery<core.Row>(text, values))
    return rows
  }
}
