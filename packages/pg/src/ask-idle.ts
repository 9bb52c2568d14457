import { isPoolsafeError } from '@poolsafe/core'
import { setTimeout, clearTimeout, setImmediate } from '@poolsafe/core/internal'
import type { AskOptions } from '@poolsafe/core/internal'
import { knownLifeOf } from './living-client.ts'
import { stateOf } from './guard-client.ts'
import { markQuestion } from './limits/question.ts'
import type { ClientLike, DriverFunction, PoolLike } from './types.ts'

/** Rows as pg returns them. */
type Rows = readonly Readonly<Record<string, unknown>>[]

/** Internals of pg-pool: the idle connections, the last released one at the end. */
interface PoolInternals {
  readonly waitingCount?: number
  readonly _idle?: readonly { readonly client: ClientLike }[]
  /** Closes a client and removes it from the pool. */
  readonly _remove?: (client: ClientLike) => void
}

interface ClientInternals {
  /** `true` exactly while nothing is on its way to the server; absent in the native client. */
  readonly readyForQuery?: boolean
  readonly pipeline?: boolean
  readonly _queryable?: boolean
  readonly _ending?: boolean
}

/**
 * Sends one of poolsafe's own statements on an idle connection and leaves it among the idle ones. pg-pool counts
 * nothing, emits nothing, and hands it out or closes it as usual. By default, this uses the connection that pg-pool
 * would hand out last. If a caller acquires it all the same, its statement waits behind ours in pg's own queue.
 *
 * @returns the rows of the last statement of the text; `undefined` if no connection is idle or a call waits for one
 */
export function askIdle(
  pool: PoolLike,
  sql: string,
  { first = 'longestIdle', limitMillis = Infinity }: AskOptions = {},
): Promise<Rows> | undefined {
  const { waitingCount, _idle: idle } = pool as PoolInternals
  if (waitingCount !== 0 || !Array.isArray(idle)) return undefined
  const items = idle as { readonly client: ClientLike }[]
  const isAsked = ({ client }: (typeof items)[number]): boolean => isFree(client)
  const item = first === 'nextOut' ? items.findLast(isAsked) : items.find(isAsked)
  if (item === undefined) return undefined
  const answer = askOn(item.client, sql)
  if (limitMillis !== Infinity) closeUnanswered(pool as PoolInternals, item.client, answer, limitMillis)
  return answer
}

/**
 * Closes a connection that does not answer, unless a caller has acquired it by then: that caller has its own limits.
 */
function closeUnanswered(pool: PoolInternals, client: ClientLike, answer: Promise<Rows>, limitMillis: number): void {
  let isAnswered = false
  const timer = setTimeout(
    // A busy process finds the timer and the answer at the same time, and runs the timer first.
    () => setImmediate(() => (isAnswered ? undefined : close(pool, client))),
    limitMillis,
  ).unref()
  const answered = (): void => {
    isAnswered = true
    clearTimeout(timer)
  }
  answer.then(answered, answered)
}

function close(pool: PoolInternals, client: ClientLike): void {
  if (pool._idle?.some((item) => item.client === client) !== true || pool._remove === undefined) return
  knownLifeOf(client)?.giveUpFor('unanswered')
  pool._remove(client)
}

/**
 * A connection that was released inside a transaction belongs to its next caller: an error of our statement would end
 * the transaction.
 */
function isFree(client: ClientLike): boolean {
  const { readyForQuery, pipeline, _queryable, _ending } = client as ClientInternals
  if (readyForQuery !== true || pipeline === true || _queryable === false || _ending === true) return false
  const status = client.getTransactionStatus?.()
  return typeof status === 'string' ? status === 'I' : stateOf(client)?.transaction.current.isOpen === false
}

/**
 * Sends a statement of poolsafe's own, which is neither judged nor observed. It uses the `query` of the client's class,
 * because guarding replaced the client's own.
 *
 * @returns the rows of the last statement of the text
 */
export function askOn(client: ClientLike, sql: string, values?: readonly unknown[]): Promise<Rows> {
  const { query } = Object.getPrototypeOf(client) as { readonly query: DriverFunction }
  return new Promise((resolve, reject) => {
    const done = (error: Error | null | undefined, answer: unknown): void => {
      // The error is about the application's statement that waited behind this one.
      if (error) reject(isPoolsafeError(error) ? new Error('Connection terminated', { cause: error }) : error)
      else resolve(rowsOf(answer))
    }
    const { Query } = client.constructor as { readonly Query?: new (...args: unknown[]) => object }
    Reflect.apply(
      query,
      client,
      Query === undefined ? [sql, values, done] : [markQuestion(new Query(sql, values, done))],
    )
  })
}

/** For a text with several statements, pg returns an array of results. */
function rowsOf(answer: unknown): Rows {
  const last: unknown = Array.isArray(answer) ? answer.at(-1) : answer
  return (last as { readonly rows?: Rows } | undefined)?.rows ?? []
}
