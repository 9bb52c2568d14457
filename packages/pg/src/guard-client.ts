import { InvalidOptionError, type Guard, type GuardOptions, type StatementLimitOptions } from '@poolsafe/core'
import { engineOf, keepFirstGuard, markGuarded, toEngine, type Engine } from '@poolsafe/core/adapter'
import { resolveStatementLimits } from '@poolsafe/core/internal'
import type { ClientState } from './client-state.ts'
import { knownLifeOf } from './living-client.ts'
import { endWaitingCursors } from './ended-connection.ts'
import type { ClientMover } from './direct/client-mover.ts'
import { guardQuery } from './guard-query.ts'
import { limitClient } from './limits/limit-statements.ts'
import type { WatchedPool } from './limits/statement-watch.ts'
import { watchLogin } from './login.ts'
import { watchQueries } from './query-watch.ts'
import { refuseLoginOfClient } from './startup.ts'
import { TransactionStatus } from './transaction-status.ts'
import type { ClientLike } from './types.ts'

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
