import { InvalidOptionError, type Guard, type GuardOptions } from '@poolsafe/core'
import {
  acquisitions,
  guardOf,
  inScopeOfCaller,
  keepFirstGuard,
  markGuarded,
  toGuard,
  type Answer,
} from '@poolsafe/core/adapter'
import { knownLifeOf } from './living-client.ts'
import { gatePool, isPool } from './gate-pool.ts'
import { hearPool } from './pool-events.ts'
import { attach, stateOf, type ClientState } from './guard-client.ts'
import { resolvePoolOptions, type PoolOptions } from './pool-options.ts'
import { sendByPoolAndJudge } from './answer.ts'
import { watchLogin, watchNewClients } from './login.ts'
import { refuseLoginOfPool } from './startup.ts'
import { SecondCalls } from './second-call.ts'
import { refuseCall, statementOf } from './statement.ts'
import type { Arguments, ClientLike, DriverFunction, PoolLike } from './types.ts'

/** What pg-pool calls with a connection. */
type Handover = (error: Error | undefined, client: ClientLike | undefined, release: DriverFunction) => void

/**
 * Guards a pool, in place: `pool.query` is judged before a connection is taken, and so is every form of `query` on the
 * clients that `pool.connect` hands out, with the server's own transaction status. A client that is given back inside
 * an open transaction is reported; strict mode closes its connection and throws from `release()`.
 *
 * @param pool a `pg.Pool`, new or in use
 * @param guard a guard, or the options to make one
 * @param options how long callers wait for a connection, and how long they may keep one
 * @returns the same pool
 * @throws InvalidOptionError for what is no pool, for a limit that cannot be; and in strict mode for one that another
 *   guard watches
 * @throws UnsafeStatementError in strict mode, for startup parameters in its configuration that the pooler does not
 *   pass
 *   on, and for a guard whose profile is not that of the pooler in its URL
 */
export function guardPool<Pool extends PoolLike>(
  pool: Pool,
  guard?: Guard | GuardOptions,
  options?: PoolOptions,
): Pool {
  if (!isPool(pool)) throw noPool(pool)
  const theirs = guardOf(pool)
  if (theirs !== undefined) {
    keepFirstGuard(theirs, guard, 'a pool')
    keepFirstOptions(theirs, options)
    return pool
  }
  const ours = toGuard(guard)
  const resolved = resolvePoolOptions('guardPool()', options)
  if (ours.mode === 'off') return pool
  const error = refuseLoginOfPool(pool, ours, guardPool)
  if (error !== undefined) throw error
  const gate = gatePool(pool, ours, resolved)
  guardClients(pool, ours)
  guardQueries(pool, ours, new SecondCalls(pool, gate, ours))
  return markGuarded(pool, ours)
}

/** The limits of a pool are set once: a second call would be without effect. */
function keepFirstOptions(guard: Guard, options: PoolOptions | undefined): void {
  if (options === undefined) return
  const error = guard.complain(
    new InvalidOptionError('the options of a pool', options, 'given to the first guardPool() of it'),
  )
  if (error !== undefined) throw error
}

function noPool(given: Partial<PoolLike> | undefined): InvalidOptionError {
  const allowed = 'a pool of node-postgres (new pg.Pool(…))'
  const isClient = typeof given?.query === 'function' && !('totalCount' in given)
  return new InvalidOptionError(
    'guardPool(): pool',
    given,
    isClient ? `${allowed}; guardClient() takes a client` : allowed,
  )
}

/**
 * New clients are guarded before anyone else hears of them; clients that the pool had already, or was opening, when
 * they are next taken.
 */
function guardClients(pool: PoolLike, guard: Guard): void {
  const adopt = (adopted: unknown): void => {
    const client = adopted as ClientLike
    if (guardOf(client) !== undefined) return
    judgeReleases(client, attach(client, guard), guard)
  }
  watchNewClients(pool, (client) => {
    watchLogin(client, guard)
    adopt(client)
  })
  hearPool(pool, 'connect', adopt)
  hearPool(pool, 'acquire', adopt)
  // For one that is being opened now: pg-pool awaits this hook before it emits `connect`.
  const { options } = pool as { options?: { onConnect?: (client: ClientLike) => unknown } }
  const onConnect = options?.onConnect
  if (options === undefined || onConnect === undefined) return
  options.onConnect = (client) => {
    adopt(client)
    return onConnect(client)
  }
}

function judgeReleases(client: ClientLike, state: ClientState, guard: Guard): void {
  const life = knownLifeOf(client)
  if (life === undefined) return
  life.judge = {
    begin() {
      state.isLent = false
      state.lentFor = undefined
      state.refused = undefined
    },
    isLent: () => state.isLent,
    judge(entry) {
      if (state.isLent || !state.transaction.current.isOpen) return undefined
      // An error in hand is worth more than ours, which would take its place in a finally block.
      const isKnown = state.refused !== undefined || state.transaction.current.state.isAborted
      return { error: guard.refuseCall('releasedInTransaction', entry), isKnown }
    },
  }
}

function guardQueries(pool: PoolLike, guard: Guard, seconds: SecondCalls): void {
  const send = pool.query as DriverFunction
  const connectPool = pool.connect as DriverFunction
  /** True while `pool.query` of pg-pool asks for its connection, which it does at once. */
  let isLending = false
  /** What that query was given: what else is sent on its client is judged. */
  let lentFor: unknown

  function query(this: unknown, ...args: unknown[]): unknown {
    const statement = statementOf(args[0], guard)
    if (statement === undefined) return seconds.send(args, query, lendAndSend)
    const { sql, analysis, named } = statement
    const error = guard.refuse(sql, analysis, { pinned: false, named }, query)
    if (error !== undefined) return refuseCall(args, error, undefined)
    if (analysis.telltales === undefined) return seconds.send(args, query, lendAndSend)
    const judge = (answers: readonly Answer[]): Error | undefined => guard.refuseAnswer(sql, analysis, answers)
    return seconds.send(args, query, (sent) => sendByPoolAndJudge(lendAndSend, sent, judge))
  }

  function lendAndSend(args: Arguments): unknown {
    isLending = true
    lentFor = args[0]
    try {
      return Reflect.apply(send, pool, args)
    } finally {
      isLending = false
    }
  }

  function connect(this: unknown, handover?: unknown): unknown {
    if (isLending) {
      isLending = false
      return lendFor(lentFor, handover)
    }
    const acquiring = acquisitions.getStore()
    if (acquiring !== undefined) acquiring.judgedBelow = guard
    // pg-pool calls it back in the context of whoever gave the connection back.
    if (typeof handover === 'function') return connectPool.call(pool, inScopeOfCaller(handover as DriverFunction))
    const held = seconds.held
    return held === undefined ? connectPool.call(pool) : seconds.connect(held, connectPool)
  }

  /** A subclass of pg.Pool may await the connection of its own `query`. */
  function lendFor(statement: unknown, handover: unknown): unknown {
    if (typeof handover === 'function') return connectPool.call(pool, lend(handover as Handover, statement))
    const lent = connectPool.call(pool) as Promise<ClientLike>
    lent.then(
      (client) => mark(client, statement),
      () => {},
    )
    return lent
  }

  pool.query = query
  pool.connect = connect
}

/** Marks the client that pg-pool takes for a `pool.query`: its statement is judged already. */
function lend(handover: Handover, statement: unknown): Handover {
  return (error, client, release) => {
    if (client !== undefined) mark(client, statement)
    handover(error, client, release)
  }
}

function mark(client: ClientLike, statement: unknown): void {
  const state = stateOf(client)
  if (state === undefined) return
  state.isLent = true
  state.lentFor = statement
}
