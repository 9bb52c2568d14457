import {
  InvalidOptionError,
  type Guard,
  type GuardOptions,
  type PoolsafeError,
  type StatementLimitOptions,
} from '@poolsafe/core'
import {
  engineOf,
  firstReason,
  keepFirstGuard,
  markGuarded,
  resolveStatementLimits,
  toEngine,
  type Call,
  type Engine,
} from '@poolsafe/core/adapter'
import { sendAndJudge } from './answer.ts'
import { rememberBegin } from './begun.ts'
import { knownLifeOf, type Life } from './living-client.ts'
import { endWaitingCursors } from './ended-connection.ts'
import type { ClientMover } from './direct/client-mover.ts'
import { limitClient } from './limits/limit-statements.ts'
import type { WatchedPool } from './limits/statement-watch.ts'
import { watchLogin } from './login.ts'
import { watchQueries } from './query-watch.ts'
import { refuseLoginOfClient } from './startup.ts'
import { isNameAlone, refuseCall, statementOf, type Statement } from './statement.ts'
import { TransactionStatus } from './transaction-status.ts'
import type { Arguments, ClientLike, DriverFunction } from './types.ts'
import { unpatched } from './unpatched.ts'
import { refuseMisuse } from './use-after-release.ts'

/** The state of one guarded client. */
export interface ClientState {
  /** The connection's life, if the client belongs to a guarded pool. */
  readonly life: Life | undefined
  readonly transaction: TransactionStatus
  /** True if the client is lent to `pool.query`, which judges its transaction commands itself. */
  isLent: boolean
  /** The argument that `pool.query` has judged; sent once. */
  lentFor: unknown
  /** The error of a statement that was refused since the client was acquired: the caller has it already. */
  refused: PoolsafeError | undefined
  /** Moves its checkouts to direct connections; `undefined` if the pool has none. */
  readonly mover: ClientMover | undefined
}

/** The pool of a client that has none, so nothing is counted. */
const nobody: WatchedPool = { operation: () => undefined, poolerWaited: () => {} }

/** The property of a client that holds its state. A map would cost more than all the rest. */
const stateKey = Symbol('poolsafe.state')

interface GuardedClient extends ClientLike {
  readonly [stateKey]?: ClientState
}

/**
 * Guards one client, in place: every form of `client.query` is judged before it is sent.
 *
 * @param client a `pg.Client`, before or after `connect()`
 * @param guard a guard, or the options to create one
 * @param options how long its statements may take
 * @returns the same client
 * @throws InvalidOptionError if `client` is not a client or a limit is invalid; in strict mode, also if another guard
 *   watches the client
 * @throws UnsafeStatementError in strict mode, if its configuration has startup parameters that the pooler does not
 *   pass on, or if the guard's profile differs from the pooler in its URL
 */
export function guardClient<Client extends ClientLike>(
  client: Client,
  guard?: Guard | GuardOptions,
  options?: StatementLimitOptions,
): Client {
  if (typeof client?.query !== 'function' || typeof client.on !== 'function' || 'totalCount' in client) {
    throw new InvalidOptionError('guardClient(): client', client, 'a client of node-postgres (new pg.Client(…))')
  }
  const theirs = engineOf(client)
  if (theirs !== undefined) {
    keepFirstGuard(theirs, guard, 'a client')
    return client
  }
  const ours = toEngine(guard)
  const limits = resolveStatementLimits('guardClient()', options)
  if (ours.mode === 'off') return client
  const error = refuseLoginOfClient(client, ours, guardClient)
  if (error !== undefined) throw error
  watchLogin(client, ours)
  limitClient(client, limits, ours, nobody)
  attach(client, ours)
  return client
}

/** Returns the state of a client that is already guarded. */
export function stateOf(client: ClientLike): ClientState | undefined {
  const state = (client as GuardedClient)[stateKey]
  const direct = state?.mover?.moved?.direct
  return direct === undefined ? state : stateOf(direct)
}

/** Returns what moves the checkouts of a client. */
export function moverOf(client: ClientLike): ClientMover | undefined {
  return (client as GuardedClient)[stateKey]?.mover
}

/** Marks the client that pg-pool acquires for a `pool.query`: its statement is judged already. */
export function markLent(client: ClientLike, statement: unknown): void {
  const state = (client as GuardedClient)[stateKey]
  if (state === undefined) return
  state.isLent = true
  state.lentFor = statement
}

/** Guards a client that has no guard yet. @param mover moves its checkouts, if its pool has direct connections */
export function attach(client: ClientLike, guard: Engine, mover?: ClientMover): ClientState {
  const state: ClientState = {
    life: knownLifeOf(client),
    transaction: new TransactionStatus(client, guard),
    isLent: false,
    lentFor: undefined,
    refused: undefined,
    mover,
  }
  Object.defineProperty(client, stateKey, { value: state })
  endWaitingCursors(client)
  // Placed below the guard, so that refused statements are not observed as sent.
  watchQueries(client, guard)
  guardQuery(client, guard, state)
  markGuarded(client, guard)
  return state
}

function guardQuery(client: ClientLike, guard: Engine, state: ClientState): void {
  const send = unpatched(client.query)
  const { transaction, mover } = state
  const apply = (args: Arguments): unknown => transaction.send(() => Reflect.apply(send, client, args))
  function query(...args: unknown[]): unknown {
    const statement = isJudged(args[0]) ? undefined : statementOf(args[0], guard, client)
    const misuse = state.life?.isSuspect === true ? refuseMisuse(state.life, guard, args[0], query) : undefined
    if (misuse !== undefined) return refuseCall(args, misuse, (client as { connection?: unknown }).connection)
    if (statement === undefined) return Reflect.apply(send, client, args)
    const remedy = guard.remedy(statement.sql, statement.analysis, callOf(statement, canMove()))
    const moved = remedy?.move && mover?.move(args, remedy.move, sendHere, query)
    return moved === undefined ? sendJudged(args, statement) : moved.result
  }
  /** Sends a statement on the pooled connection in any case. */
  function sendHere(args: Arguments): unknown {
    const statement = statementOf(args[0], guard, client)
    return statement === undefined ? Reflect.apply(send, client, args) : sendJudged(args, statement)
  }
  function sendJudged(args: Arguments, statement: Statement): unknown {
    const wasOpen = transaction.current.isOpen
    const error = refuse(statement)
    if (error !== undefined) return refuseCall(args, error, (client as { connection?: unknown }).connection)
    const { sql, analysis } = statement
    mover?.note(analysis)
    if (!wasOpen && state.transaction.isOpen) return rememberBegin(client, state.transaction, apply(args), query)
    if (analysis.telltales === undefined) return apply(args)
    return sendAndJudge(apply, args, (answers) =>
      noted(transaction.takeLateError() ?? guard.refuseAnswer(sql, analysis, answers)),
    )
  }
  function canMove(): boolean {
    return mover?.canMove === true && !state.isLent && !transaction.current.isOpen
  }
  function callOf({ named }: Statement, mayMove: boolean): Call {
    return { transaction: transaction.current, pinned: true, named, canMove: mayMove }
  }
  function isJudged(config: unknown): boolean {
    if (state.lentFor === undefined || state.lentFor !== config) return false
    state.lentFor = undefined
    return !isNameAlone(config)
  }
  function refuse({ sql, analysis, named }: Statement): PoolsafeError | undefined {
    const error = guard.refuse(sql, analysis, { transaction: transaction.current, pinned: true, named }, query)
    return noted(error === undefined ? undefined : firstReason(state.refused, error, analysis))
  }
  function noted(error: PoolsafeError | undefined): PoolsafeError | undefined {
    if (error !== undefined) state.refused = error
    return error
  }
  client.query = mover === undefined ? query : routed(query, guard, state, mover)
}

/** Sends statements of a moved checkout on its direct connection. */
function routed(query: DriverFunction, guard: Engine, { life }: ClientState, mover: ClientMover): DriverFunction {
  return function routedQuery(...args: unknown[]): unknown {
    const { moved } = mover
    if (moved === undefined) return query(...args)
    const misuse = life?.isSuspect === true ? refuseMisuse(life, guard, args[0], routedQuery) : undefined
    return misuse === undefined ? moved.query(args, routedQuery) : refuseCall(args, misuse, undefined)
  }
}
