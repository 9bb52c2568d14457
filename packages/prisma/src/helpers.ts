import type { AdvisoryLockOptions, Lease, LeaseOptions, Locked, LockKey, Settings } from '@poolsafe/core'
import { InvalidOptionError } from '@poolsafe/core'
import * as core from '@poolsafe/core/internal'
import { isInTransaction } from './in-transaction.ts'

/** A client of Prisma, extended or not, or the `tx` of an interactive transaction. */
export interface HelperClient {
  $queryRawUnsafe: (text: string, ...values: never[]) => unknown
}

/** The options of Prisma's `$transaction`. */
export interface TransactionOptions {
  /** Milliseconds until the transaction has a connection. @default Prisma's: 2000 */
  readonly maxWait?: number
  /** Milliseconds until Prisma ends the transaction. @default Prisma's: 5000 */
  readonly timeout?: number
  readonly isolationLevel?: 'ReadUncommitted' | 'ReadCommitted' | 'RepeatableRead' | 'Serializable'
}

/** The argument of the function: the `tx` of the client. */
export type TransactionOf<Client> = Client extends { $transaction: WithCallback<infer Tx> } ? Tx : Client

/** Both forms of `$transaction`, of an array and of a callback: TypeScript infers from the last one. */
interface WithCallback<Tx> {
  (operations: never, options?: never): Promise<unknown>
  (callback: (tx: Tx) => Promise<unknown>, options?: never): Promise<unknown>
}

/**
 * Runs `fn` in an interactive transaction in which the settings hold, and only in it:
 *
 * ```ts
 * const orders = await withSettings(prisma, { 'app.tenant_id': tenant }, (tx) => tx.order.findMany())
 * ```
 *
 * It costs one round trip more than the transaction: `SELECT set_config('app.tenant_id', $1, true)`.
 *
 * @param db in an open transaction (`tx`), the values of before are put back after `fn`
 * @param settings names and values; values are sent as parameters
 * @param options those of `$transaction`
 * @throws InvalidOptionError for a name that no setting can have, and for a value that is not a string, a number or a
 *   boolean
 */
export async function withSettings<Client extends HelperClient, Result>(
  db: Client,
  settings: Settings,
  fn: (tx: TransactionOf<Client>) => Promise<Result>,
  options?: TransactionOptions,
): Promise<Result> {
  return core.withSettings(toDatabase(db, 'withSettings(): db', options), settings, fn)
}

/**
 * Runs `fn` in an interactive transaction that holds an advisory lock; the end of the transaction releases it. For jobs
 * of seconds: Prisma ends the transaction after its `timeout`. For longer ones see {@link withLease}.
 *
 * @param key a whole number, a pair of them, or a text, which the server hashes
 * @param options `wait`: false, or milliseconds; by default as long as it takes, within the `timeout` of the
 *   transaction. `transaction`: the options of `$transaction`
 * @returns `{ acquired: true, result }`, or `{ acquired: false }`
 * @throws InvalidOptionError for a key or a wait that cannot be
 */
export async function withAdvisoryLock<Client extends HelperClient, Result>(
  db: Client,
  key: LockKey,
  fn: (tx: TransactionOf<Client>) => Promise<Result>,
  options: AdvisoryLockOptions & { readonly transaction?: TransactionOptions } = {},
): Promise<Locked<Result>> {
  const { transaction, ...others } = options
  return core.withAdvisoryLock(toDatabase(db, 'withAdvisoryLock(): db', transaction), key, fn, others)
}

/**
 * Runs `fn` while a lease is held: a lock for long jobs without an open transaction and without session state. The
 * lease is a row of a table, which the helper creates where it is missing, and renews while `fn` runs. Add the table to
 * your schema, or Prisma Migrate reports it as drift (`docs/helpers.md` has the model).
 *
 * ```ts
 * await withLease(prisma, 'import', async (lease) => {
 *   for await (const batch of batches)
 *     await prisma.$transaction(async (tx) => {
 *       await lease.confirm(tx) // fails where another holder has the lease by now
 *       await write(tx, batch)
 *     })
 * }, { leaseMillis: 30_000 })
 * ```
 *
 * @param db not a transaction: the heartbeat must not wait for statements of `fn`
 * @returns `{ acquired: true, result }`, or `{ acquired: false }`
 * @throws InvalidOptionError; LeaseLostError where the lease was lost before `fn` resolved
 */
export async function withLease<Result>(
  db: HelperClient,
  key: string,
  fn: (lease: Lease<HelperClient>) => Promise<Result>,
  options: LeaseOptions,
): Promise<Locked<Result>> {
  checkClient(db, 'withLease(): db')
  if (isInTransaction(db)) throw new InvalidOptionError('withLease(): db', db, 'a client outside of a transaction')
  return core.withLease(runOn(db), runOn, key, fn, options)
}

/**
 * Sends a notification through any pooler. Inside a transaction it goes out with the COMMIT.
 *
 * @param payload at most 7999 bytes
 * @throws InvalidOptionError for a channel that PostgreSQL cannot have, and for a payload that is too long
 */
export async function notify(db: HelperClient, channel: string, payload?: string): Promise<void> {
  checkClient(db, 'notify(): db')
  await core.notify(runOn(db), channel, payload)
}

interface Interactive {
  $transaction(callback: (tx: never) => Promise<unknown>, options?: TransactionOptions): Promise<unknown>
}

function toDatabase<Client extends HelperClient>(
  db: Client,
  what: string,
  options?: TransactionOptions,
): core.Database<TransactionOf<Client>> {
  checkClient(db, what)
  const isOpen = isInTransaction(db)
  return {
    isInTransaction: isOpen,
    transaction: (work) =>
      (isOpen ? work(db as never) : (db as unknown as Interactive).$transaction(work, options)) as never,
    runOn: runOn,
  }
}

function checkClient(db: unknown, what: string): void {
  if (typeof (db as Partial<HelperClient> | null)?.$queryRawUnsafe !== 'function')
    throw new InvalidOptionError(what, db, 'a client of Prisma, or the tx of one')
}

/** SAVEPOINT, CREATE TABLE and UPDATE without RETURNING give no rows: Prisma reads an empty answer. */
function runOn(client: HelperClient): core.Run {
  return async (text, values = []) =>
    (await client.$queryRawUnsafe(text, ...(values as never[]))) as readonly core.Row[]
}
