import { setTimeout as delay } from 'node:timers/promises'
import { InvalidOptionError } from '../errors.ts'
import { checkFunction, checkObject } from '../options.ts'
import { checkWait, isText, type Locked, type LockWait } from './advisory-lock.ts'
import type { Run } from './database.ts'
import { LeaseKeeper } from './lease-keeper.ts'
import { LeaseLostError } from './lease-lost-error.ts'
import { checkTableName, LeaseTable } from './lease-table.ts'
import { performance } from '../measure/real-time.ts'

export interface LeaseOptions {
  /**
   * How long the lease lasts without a renewal, in milliseconds: after a crash of its holder, others wait for so long.
   * The holder renews it three times as often.
   */
  readonly leaseMillis: number
  /** How long to wait for a lease that another owner holds. @default false */
  readonly wait?: LockWait
  /** The table of the leases, created where it is missing. @default 'poolsafe_lease' */
  readonly table?: string
}

/** A lease that is held. `Session` is a connection or a transaction of the driver in use. */
export interface Lease<Session> {
  /** Grows by one with every holder of the key. A store that refuses smaller numbers refuses a late writer. */
  readonly fencing: bigint
  /** Aborts as soon as the lease may be lost. Its reason is a {@link LeaseLostError}. */
  readonly signal: AbortSignal
  /**
   * Fails a transaction whose lease is lost. Until the transaction ends, no other owner acquires the lease: call it
   * before or after the writes, in the same transaction. Under REPEATABLE READ and SERIALIZABLE it must be the first
   * statement: PostgreSQL fails a later one with 40001 if the lease was renewed since the snapshot.
   *
   * @throws LeaseLostError
   */
  confirm(session: Session): Promise<void>
}

/** Milliseconds between two attempts of a caller that waits. */
const pollAtMostMillis = 1000

/**
 * Runs `work` while a lease on `key` is held: a lock for long jobs, without a transaction or a session that stays open.
 *
 * @param run sends single statements, each in a transaction of its own
 * @param runOn returns what sends statements in a transaction that {@link Lease.confirm} is given
 * @throws InvalidOptionError; LeaseLostError where the lease was lost before `work` resolved
 */
export async function withLease<Session, Result>(
  run: Run,
  runOn: (session: Session) => Run,
  key: string,
  work: (lease: Lease<Session>) => Promise<Result>,
  options: LeaseOptions,
): Promise<Locked<Result>> {
  const { leaseMillis, wait, table } = resolve(key, options)
  checkFunction('withLease(): fn', work)
  const leases = new LeaseTable(table, run)
  const keeper = await acquire(leases, key, leaseMillis, wait)
  if (keeper === undefined) return { acquired: false }
  try {
    const result = await work({
      fencing: keeper.claim.fencing,
      signal: keeper.signal,
      confirm: async (session) => {
        if (!(await leases.confirm(runOn(session), keeper.claim)))
          throw new LeaseLostError(keeper.claim, 'another holder has acquired it')
      },
    })
    // A process that was suspended wakes up with its timers due, and perhaps with its work done first.
    keeper.check()
    keeper.signal.throwIfAborted()
    return { acquired: true, result }
  } finally {
    await keeper.end()
  }
}

async function acquire(
  leases: LeaseTable,
  key: string,
  leaseMillis: number,
  wait: LockWait,
): Promise<LeaseKeeper | undefined> {
  // The global is loaded when it is first used.
  const holder = crypto.randomUUID()
  const start = performance.now()
  for (;;) {
    const keeper = await LeaseKeeper.acquire(leases, key, holder, leaseMillis)
    const leftMillis = wait === false ? 0 : wait - (performance.now() - start)
    if (keeper !== undefined || leftMillis <= 0) return keeper
    // Callers that wait together do not ask together.
    const poll = Math.min(leaseMillis / 4, pollAtMostMillis) * (0.5 + Math.random() / 2)
    await delay(Math.min(poll, leftMillis))
  }
}

function resolve(key: string, options: LeaseOptions): { leaseMillis: number; wait: LockWait; table: string } {
  checkObject('withLease()', options, ['leaseMillis', 'wait', 'table'])
  if (typeof key !== 'string' || !isText(key))
    throw new InvalidOptionError('withLease(): key', key, 'a text without zero bytes')
  const { leaseMillis, wait = false, table = 'poolsafe_lease' } = options
  if (!Number.isInteger(leaseMillis) || leaseMillis < 100 || leaseMillis >= 2 ** 31)
    throw new InvalidOptionError(
      'withLease(): leaseMillis',
      leaseMillis,
      'a whole number of milliseconds from 100 to 2147483647',
    )
  return { leaseMillis, wait: checkWait(wait), table: checkTableName(table) }
}
