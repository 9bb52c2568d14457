import { InvalidOptionError } from '@poolsafe/core'
import { sessionTexts, type Database, type Run } from '@poolsafe/core/internal'
import { stateOf } from '../guard-client.ts'
import type { ClientLike } from '../types.ts'
import { CommitRolledBackError } from './commit-rolled-back-error.ts'

/** A pool of node-postgres, guarded or not. */
export interface HelperPool {
  readonly totalCount: number
  connect: (...args: never[]) => unknown
  query: (...args: never[]) => unknown
}

/** The client that a function gets: the one given, or one of the pool. */
export type ClientOf<Db> = Db extends { readonly totalCount: number; connect: Connect<infer Client> } ? Client : Db

/** Both call forms of `pool.connect`: with the first alone, TypeScript would infer from the second. */
interface Connect<Client> {
  (): Promise<Client>
  (callback: never): void
}

type Query = (text: string, values?: readonly unknown[]) => Promise<Answer>

interface Answer {
  readonly command: string
  readonly rows: readonly Readonly<Record<string, unknown>>[]
}

interface PooledClient extends ClientLike {
  release(error?: unknown): void
}

/** @param what the parameter, for the message: `withSettings(): db` */
export function toDatabase<Db extends HelperPool | ClientLike>(db: Db, what: string): Database<ClientOf<Db>> {
  if (isPool(db)) {
    return {
      isInTransaction: false,
      transaction: (work) => onPooledClient(db, work as Work) as never,
      runOn: runOn,
    }
  }
  if (typeof (db as Partial<ClientLike> | null)?.query !== 'function')
    throw new InvalidOptionError(what, db, 'a pool or a client of node-postgres')
  const isInTransaction = isOpenOn(db, what)
  return {
    isInTransaction,
    transaction: (work) => (isInTransaction ? work(db as never) : (inNewTransaction(db, work as Work) as never)),
    runOn: runOn,
  }
}

/** Returns what sends statements on a pool, or on a client. */
export function runOn(target: HelperPool | ClientLike): Run {
  return async (text, values) => (await (target.query as unknown as Query).call(target, text, values)).rows
}

export function isPool(given: unknown): given is HelperPool {
  const { totalCount, connect, query } = (given ?? {}) as Partial<HelperPool>
  return typeof totalCount === 'number' && typeof connect === 'function' && typeof query === 'function'
}

/** A client of a pool, until it is released. */
export async function acquire(pool: HelperPool): Promise<PooledClient> {
  return (pool.connect as unknown as () => Promise<PooledClient>).call(pool)
}

/** Runs `work` in a new transaction of a client of the pool. A client whose ROLLBACK fails is closed. */
async function onPooledClient(pool: HelperPool, work: Work): Promise<unknown> {
  const client = await acquire(pool)
  try {
    const result = await inNewTransaction(client, work)
    client.release()
    return result
  } catch (error) {
    client.release(error instanceof StillOpen)
    throw error instanceof StillOpen ? error.cause : error
  }
}

/** The transaction could not be ended. */
class StillOpen extends Error {
  static override readonly name: string = 'StillOpen'
}

type Work = (client: ClientLike) => Promise<unknown>

async function inNewTransaction(client: ClientLike, work: Work): Promise<unknown> {
  const query = (text: string): Promise<Answer> => (client.query as unknown as Query).call(client, text)
  await query(sessionTexts.begin)
  let result: unknown
  try {
    result = await work(client)
  } catch (error) {
    await rollBack(query, error)
    throw error
  }
  const { command } = await query(sessionTexts.commit)
  // https://www.postgresql.org/docs/current/sql-commit.html: in an aborted transaction, COMMIT rolls back.
  if (command === 'ROLLBACK') throw new CommitRolledBackError()
  return result
}

/** @throws StillOpen with the first error as its cause */
async function rollBack(query: (text: string) => Promise<Answer>, cause: unknown): Promise<void> {
  try {
    await query(sessionTexts.rollback)
  } catch {
    throw new StillOpen('ROLLBACK failed', { cause })
  }
}

/** Returns true if the client's transaction is open. @throws InvalidOptionError where that cannot be known */
export function isOpenOn(client: ClientLike, what: string): boolean {
  const state = stateOf(client)
  if (state !== undefined) return state.transaction.current.isOpen
  if (client.getTransactionStatus === undefined)
    throw new InvalidOptionError(what, client, 'a pool, a guarded client, or a client of pg 8.21 or later')
  return ['T', 'E'].includes(client.getTransactionStatus() ?? 'I')
}
