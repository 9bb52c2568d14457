import {
  InvalidOptionError,
  type AdvisoryLockOptions,
  type Lease,
  type LeaseOptions,
  type Locked,
  type LockKey,
  type Settings,
} from '@poolsafe/core'
import * as core from '@poolsafe/core/internal'
import type { ClientLike } from '../types.ts'
import { isPool, runOn, toDatabase, type ClientOf, type HelperPool } from './pg-database.ts'

/**
 * Runs `fn` in a transaction in which the settings hold, and only in it:
 *
 * ```ts
 * const orders = await withSettings(pool, { 'app.tenant_id': tenant }, (client) => client.query('SELECT * FROM orders'))
 * ```
 *
 * It costs one round trip more than the transaction: `SELECT set_config('app.tenant_id', $1, true)`.
 *
 * @param db a pool, or a client: in an open transaction of the client the values of before are put back after `fn`
 * @param settings names and values; values are sent as parameters
 * @throws InvalidOptionError for a name that no setting can have, and for a value that is not a string, a number or a
 *   boolean; CommitRolledBackError where `fn` caught the error of a statement
 */
export async function withSettings<Db extends HelperPool | ClientLike, Result>(
  db: Db,
  settings: Settings,
  fn: (client: ClientOf<Db>) => Promise<Result>,
): Promise<Result> {
  return core.withSettings(toDatabase(db, 'withSettings(): db'), settings, fn)
}

/**
 * Runs `fn` in a transaction that holds an advisory lock; the end of the transaction releases it. For jobs of seconds:
 * the transaction stays open. For longer ones see {@link withLease}.
 *
 * ```ts
 * const { acquired } = await withAdvisoryLock(pool, 'nightly-report', (client) => report(client), { wait: false })
 * ```
 *
 * @param key a whole number, a pair of them, or a text, which the server hashes
 * @param options `wait`: false, or milliseconds; by default as long as it takes
 * @returns `{ acquired: true, result }`, or `{ acquired: false }`
 * @throws InvalidOptionError for a key or a wait that cannot be; CommitRolledBackError
 */
export async function withAdvisoryLock<Db extends HelperPool | ClientLike, Result>(
  db: Db,
  key: LockKey,
  fn: (client: ClientOf<Db>) => Promise<Result>,
  options?: AdvisoryLockOptions,
): Promise<Locked<Result>> {
  return core.withAdvisoryLock(toDatabase(db, 'withAdvisoryLock(): db'), key, fn, options)
}

/**
 * Runs `fn` while a lease is held: a lock for long jobs without an open transaction and without session state. The
 * lease is a row of a table, which the helper creates where it is missing, and renews while `fn` runs.
 *
 * ```ts
 * await withLease(pool, 'import', async (lease) => {
 *   for await (const batch of batches)
 *     await withSettings(pool, {}, async (client) => {
 *       await lease.confirm(client) // fails where another holder has the lease by now
 *       await write(client, batch)
 *     })
 * }, { leaseMillis: 30_000 })
 * ```
 *
 * @param pool not a client: the heartbeat must not wait for statements of `fn`
 * @returns `{ acquired: true, result }`, or `{ acquired: false }`
 * @throws InvalidOptionError; LeaseLostError where the lease was lost before `fn` resolved
 */
export async function withLease<Result>(
  pool: HelperPool,
  key: string,
  fn: (lease: Lease<ClientLike>) => Promise<Result>,
  options: LeaseOptions,
): Promise<Locked<Result>> {
  if (!isPool(pool)) throw new InvalidOptionError('withLease(): pool', pool, 'a pool of node-postgres')
  return core.withLease(runOn(pool), runOn, key, fn, options)
}

/**
 * Sends a notification through any pooler. Inside a transaction it goes out with the COMMIT.
 *
 * @param payload at most 7999 bytes
 * @throws InvalidOptionError for a channel that PostgreSQL cannot have, and for a payload that is too long
 */
export async function notify(db: HelperPool | ClientLike, channel: string, payload?: string): Promise<void> {
  if (typeof (db as Partial<ClientLike> | null | undefined)?.query !== 'function')
    throw new InvalidOptionError('notify(): db', db, 'a pool or a client of node-postgres')
  await core.notify(runOn(db), channel, payload)
}
