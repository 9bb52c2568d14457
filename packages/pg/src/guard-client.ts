import { guardOf, harmless, InvalidOptionError, markGuarded, toGuard, type Guard, type GuardOptions } from '@poolsafe/core'
import { refuseCall, statementOf } from './statement.ts'
import { TransactionStatus } from './transaction-status.ts'
import type { Arguments, ClientLike, DriverFunction } from './types.ts'

/** What is known of one guarded client. */
export interface ClientState {
  readonly transaction: TransactionStatus
  /** The client is lent to `pool.query`, which has judged its statement already. */
  isLent: boolean
}

const states = new WeakMap<object, ClientState>()

/**
 * Guards one client, in place: every form of `client.query` is judged before it is sent.
 *
 * @param client a `pg.Client`, before or after `connect()`
 * @param guard a guard, or the options to make one
 * @returns the same client
 * @throws InvalidOptionError for what is no client, or is guarded by another guard
 */
export function guardClient<Client extends ClientLike>(client: Client, guard?: Guard | GuardOptions): Client {
  if (typeof client?.query !== 'function' || typeof client.on !== 'function') {
    throw new InvalidOptionError('guardClient(): client', client, 'a client of node-postgres (new pg.Client(…))')
  }
  const theirs = guardOf(client)
  const ours = theirs !== undefined && guard === undefined ? theirs : toGuard(guard)
  if (ours.mode !== 'off') attach(client, ours)
  return client
}

/** What is known of a client that is guarded already. */
export function stateOf(client: ClientLike): ClientState | undefined {
  return states.get(client)
}

/** Guards a client if nobody does yet. */
export function attach(client: ClientLike, guard: Guard): ClientState {
  const known = states.get(client)
  if (known !== undefined) return checkSame(client, guard, known)
  const state: ClientState = { transaction: new TransactionStatus(client), isLent: false }
  states.set(client, state)
  guardQuery(client, guard, state)
  markGuarded(client, guard)
  return state
}

function checkSame(client: ClientLike, guard: Guard, state: ClientState): ClientState {
  if (guardOf(client) === guard) return state
  throw new InvalidOptionError('guardClient(): client', client, 'a client that no other guard watches')
}

function guardQuery(client: ClientLike, guard: Guard, state: ClientState): void {
  const send = client.query as DriverFunction
  function query(this: unknown, ...args: unknown[]): unknown {
    const error = state.isLent ? undefined : refuse(args)
    if (error !== undefined) return refuseCall(args, error, (client as { connection?: unknown }).connection)
    return Reflect.apply(send, client, args)
  }
  function refuse(args: Arguments): Error | undefined {
    const statement = statementOf(args[0])
    if (statement === undefined) return undefined
    const analysis = guard.analyze(statement.sql)
    if (analysis === harmless && !statement.named) return undefined
    const call = { transaction: state.transaction.current, pinned: true, named: statement.named }
    return guard.refuse(statement.sql, analysis, call, query)
  }
  client.query = query
}
