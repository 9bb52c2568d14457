import { InvalidOptionError } from '../errors.ts'
import { checkFunction, checkObject } from '../options.ts'
import { serverCodeOf } from './server-code.ts'
import type { Database, Run } from './database.ts'

/**
 * The key to lock: a whole number of 64 bits, two of 32 bits, or a text, which the server hashes to 64 bits. Numbers,
 * pairs and texts of other programs share the same space.
 */
export type LockKey = number | bigint | string | readonly [number, number]

/** How long a caller waits: `false` not at all, else this many milliseconds; `Infinity` for as long as it takes. */
export type LockWait = false | number

export interface AdvisoryLockOptions {
  /** @default Infinity */
  readonly wait?: LockWait
}

/** The outcome of an attempt to lock. If the lock was acquired, it has the function's result. */
export type Locked<Result> =
  | { readonly acquired: true; readonly result: Result }
  | { readonly acquired: false; readonly result?: undefined }

/** https://www.postgresql.org/docs/current/errcodes-appendix.html: lock_not_available */
const lockNotAvailable = '55P03'
const savepoint = 'poolsafe_advisory_lock'

/**
 * Runs `work` in a transaction that holds an advisory lock. The transaction's end releases the lock, so that it is safe
 * behind a transaction pooler: `pg_advisory_xact_lock`.
 *
 * @throws InvalidOptionError for a key or a wait that cannot be
 */
export async function withAdvisoryLock<Session, Result>(
  database: Database<Session>,
  key: LockKey,
  work: (session: Session) => Promise<Result>,
  options: AdvisoryLockOptions = {},
): Promise<Locked<Result>> {
  checkObject('withAdvisoryLock()', options, ['wait'])
  checkFunction('withAdvisoryLock(): fn', work)
  const lock = toLock(key)
  const wait = checkWait(options.wait)
  try {
    return await database.transaction(async (session): Promise<Locked<Result>> => {
      const acquired = await acquire(database.runOn(session), lock, wait, database.isInTransaction)
      return acquired ? { acquired, result: await work(session) } : { acquired }
    })
  } catch (error) {
    // The transaction of the helper's own was rolled back.
    if (error instanceof WaitedTooLong) return { acquired: false }
    throw error
  }
}

/** Ends the helper's own transaction, which the server has aborted. */
class WaitedTooLong extends Error {
  static override readonly name: string = 'WaitedTooLong'
}

/** The two arguments of the lock functions, or the one. */
interface Lock {
  readonly text: string
  readonly values: readonly string[]
}

async function acquire(run: Run, lock: Lock, wait: LockWait, isOpen: boolean): Promise<boolean> {
  if (wait === false) {
    const [row] = await run(`SELECT pg_try_advisory_xact_lock(${lock.text}) AS acquired`, lock.values)
    return row?.['acquired'] === true
  }
  if (wait === Infinity) {
    // The function returns void, which some drivers cannot read.
    await run(`SELECT pg_advisory_xact_lock(${lock.text}) IS NULL AS locked`, lock.values)
    return true
  }
  return isOpen ? acquireInside(run, lock, wait) : acquireWithin(run, lock, wait)
}

/** A timeout aborts the transaction. That of the caller survives it behind a savepoint. */
async function acquireInside(run: Run, lock: Lock, wait: number): Promise<boolean> {
  await run(`SAVEPOINT ${savepoint}`)
  try {
    await acquireWithin(run, lock, wait)
    await run(`RELEASE SAVEPOINT ${savepoint}`)
    return true
  } catch (error) {
    await run(`ROLLBACK TO SAVEPOINT ${savepoint}`)
    await run(`RELEASE SAVEPOINT ${savepoint}`)
    if (error instanceof WaitedTooLong) return false
    throw error
  }
}

/** @throws WaitedTooLong */
async function acquireWithin(run: Run, { text, values }: Lock, wait: number): Promise<true> {
  const timeout = `$${values.length + 1}`
  try {
    const [row] = await run(
      `WITH before AS MATERIALIZED
         (SELECT current_setting('lock_timeout') AS timeout, set_config('lock_timeout', ${timeout}, true))
       SELECT timeout, pg_advisory_xact_lock(${text}) IS NULL AS locked FROM before`,
      [...values, `${wait}ms`],
    )
    await run("SELECT set_config('lock_timeout', $1, true) AS timeout", [String(row?.['timeout'])])
    return true
  } catch (error) {
    throw serverCodeOf(error) === lockNotAvailable ? new WaitedTooLong() : error
  }
}

/** PostgreSQL stores no zero bytes. */
export function isText(key: string): boolean {
  return key !== '' && !key.includes('\0')
}

/** @throws InvalidOptionError */
function toLock(key: LockKey): Lock {
  if (typeof key === 'string' && isText(key)) return { text: 'hashtextextended($1, 0)', values: [key] }
  if (typeof key === 'bigint' && BigInt.asIntN(64, key) === key) return { text: '$1::bigint', values: [String(key)] }
  if (typeof key === 'number' && Number.isSafeInteger(key)) return { text: '$1::bigint', values: [String(key)] }
  if (Array.isArray(key) && key.length === 2 && key.every((part) => typeof part === 'number' && (part | 0) === part))
    return { text: '$1::integer, $2::integer', values: key.map(String) }
  throw new InvalidOptionError(
    'withAdvisoryLock(): key',
    typeof key === 'string'
      ? key === ''
        ? ''
        : 'a text with a zero byte'
      : typeof key === 'bigint'
        ? 'a bigint of more than 64 bits'
        : key,
    'a whole number of 64 bits, a pair of whole numbers of 32 bits, or a text',
  )
}

/** `lock_timeout` is a whole number of milliseconds in 32 bits, and 0 turns it off. */
export function checkWait(wait: LockWait = Infinity): LockWait {
  if (wait === false || wait === Infinity) return wait
  if (typeof wait === 'number' && Number.isInteger(wait) && wait >= 1 && wait < 2 ** 31) return wait
  throw new InvalidOptionError('wait', wait, 'false, a whole number of milliseconds from 1 to 2147483647, or Infinity')
}
