import { AsyncResource } from 'node:async_hooks'
import { sqlStateOf, type Answer, type Engine, type Entry, type Execution, type Observer } from '@poolsafe/core/adapter'
import {
  callerContext,
  holdings,
  inScopeOfCaller,
  performance,
  type Checkout,
  type Gate,
  type Handover,
  type Holdable,
  type Receiver,
  type Release,
} from '@poolsafe/core/internal'
import { sendByPoolAndJudge } from './answer.ts'
import { connectByPromise } from './connect-by-promise.ts'
import { markLent } from './guard-client.ts'
import { knownLifeOf } from './living-client.ts'
import type { CallerContext, PatchedPool } from './patched-pool.ts'
import { checkoutKey, type GatedClient } from './present-checkout.ts'
import { sqlOf } from './query-watch.ts'
import { SecondCalls } from './second-call.ts'
import { refuseCall, statementOf, type Statement } from './statement.ts'
import { hasWiredClients, type Arguments, type ClientLike, type DriverFunction, type PoolLike } from './types.ts'
import { inherited } from './unpatched.ts'

type Client = GatedClient

/** Patches `pool.query` and `pool.connect`: they judge their arguments and wait at the gate. */
export function patchCalls(patched: PatchedPool): void {
  const { pool } = patched
  const calls = new PoolCalls(patched)
  function query(this: unknown, ...args: unknown[]): unknown {
    return calls.query(args, query)
  }
  function connect(this: unknown, callback?: unknown): unknown {
    return calls.connect(callback, connect)
  }
  pool.query = query
  pool.connect = connect
}

class PoolCalls {
  readonly #patched: PatchedPool
  readonly #pool: PoolLike
  readonly #gate: Gate<ClientLike>
  readonly #guard: Engine
  readonly #query: () => DriverFunction
  /** The observer. Executions that begin here end at the connection, which clients of pg-native do not expose. */
  readonly #observer: Observer | undefined
  /** Set for a pool whose statements are judged here. */
  readonly #seconds: SecondCalls | undefined
  /** True while `pool.query` of pg-pool asks for its connection, which it does synchronously. */
  #isQuery = false
  /** The argument of that query. It is judged already; everything else that is sent on its client is not. */
  #statement: unknown
  /** The execution of that query, if it is observed: it begins before the query has its connection. */
  #execution: Execution | undefined
  /** The context of that query. */
  #around: CallerContext | undefined

  constructor(patched: PatchedPool) {
    const { pool, gate, guard, isJudged } = patched
    this.#patched = patched
    this.#pool = pool
    this.#gate = gate
    this.#guard = guard
    this.#query = inherited(pool, 'query')
    this.#observer = hasWiredClients(pool) ? guard.observer : undefined
    this.#seconds = isJudged ? new SecondCalls(pool, gate, guard) : undefined
  }

  query(args: Arguments, entry: Entry): unknown {
    const seconds = this.#seconds
    if (seconds === undefined) return this.#sendNow(args, entry)
    const statement = statementOf(args[0], this.#guard)
    if (statement !== undefined) return this.#sendJudged(seconds, statement, args, entry)
    const around = callerContext()
    const held = seconds.held(around.holding)
    if (held === undefined) return this.#sendNow(args, entry, around)
    return this.#sendSecond(seconds, held, args, entry)
  }

  connect(callback: unknown, entry: Entry): unknown {
    if (this.#isQuery) {
      this.#isQuery = false
      return typeof callback === 'function'
        ? this.#connectQuery(callback as Handover<ClientLike>, entry)
        : this.#connectQueryOfSubclass(entry)
    }
    const around = callerContext()
    const { acquiring, holding } = around
    const seconds = this.#seconds
    if (seconds !== undefined && acquiring !== undefined) acquiring.judgedBelow = this.#guard
    if (typeof callback === 'function') {
      // pg-pool calls back in the context of the call that released the connection.
      const scoped = seconds === undefined ? callback : inScopeOfCaller(callback as DriverFunction)
      return this.#connectCallback(scoped as Handover<ClientLike>, entry, around)
    }
    const held = seconds?.held(holding)
    if (seconds === undefined || held === undefined) return connectByPromise(this.#patched, around, entry)
    return seconds.connect(held, () =>
      connectByPromise(this.#patched, { acquiring, holding: callerContext().holding }, entry),
    )
  }

  /** Apart from `query`, because V8 allocates the context of a closure at every call of a function that may create it. */
  #sendSecond(seconds: SecondCalls, held: Holdable, args: Arguments, entry: Entry): unknown {
    return seconds.send(held, args, entry, (sent) => this.#sendNow(sent, entry))
  }

  #sendJudged(seconds: SecondCalls, { sql, analysis, named }: Statement, args: Arguments, entry: Entry): unknown {
    const guard = this.#guard
    const call = { pinned: false, named }
    const error = guard.refuse(
      sql,
      analysis,
      call,
      entry,
      guard.repairs ? guard.remedy(sql, analysis, call) : undefined,
    )
    if (error !== undefined) return refuseCall(args, error, undefined)
    const judge = (answers: readonly Answer[]): Error | undefined => guard.refuseAnswer(sql, analysis, answers)
    const sendNow = (sent: Arguments): unknown => this.#sendNow(sent, entry)
    const send =
      analysis.telltales === undefined
        ? sendNow
        : (sent: Arguments): unknown => sendByPoolAndJudge(sendNow, sent, judge)
    const held = seconds.held(callerContext().holding)
    return held === undefined ? send(args) : seconds.send(held, args, entry, send)
  }

  #sendNow(args: Arguments, entry: Entry, around: CallerContext = callerContext()): unknown {
    const sql = this.#observer === undefined ? undefined : sqlOf(args[0])
    const execution = sql === undefined ? undefined : this.#observer?.begin(sql, this.#patched.layer, entry)
    this.#execution = execution
    this.#statement = args[0]
    this.#around = around
    this.#isQuery = true
    try {
      return Reflect.apply(this.#query(), this.#pool, args)
    } catch (error) {
      this.#neverSent(execution, error)
      throw error
    } finally {
      this.#isQuery = false
      this.#around = undefined
    }
  }

  /** Ends the execution of a query that got no connection: all its time was the wait for one. */
  #neverSent(execution: Execution | undefined, error: unknown): void {
    if (execution === undefined) return
    const now = performance.now()
    execution.sentAt = now
    execution.pool = this.#gate.record.name
    this.#observer?.end(execution, sqlStateOf(error) ?? '', now)
  }

  /** Connects for a query. The query ends before a second connection can be requested inside it. */
  #connectQuery(callback: Handover<ClientLike>, entry: Entry): undefined {
    const execution = this.#execution
    const call = new QueryCall(this, callback, execution, this.#statement)
    const refused = this.#acquire(call, entry, this.#around, execution)
    if (refused !== undefined) this.failQuery(callback, execution, refused)
  }

  /** Lends the client that a `pool.query` has asked for. */
  lend(client: Client, statement: unknown): void {
    if (this.#seconds !== undefined) markLent(client, statement)
  }

  failQuery(callback: Handover<ClientLike>, execution: Execution | undefined, error: Error | undefined): void {
    process.nextTick(() => {
      this.#neverSent(execution, error)
      callback(error, undefined, noRelease)
    })
  }

  /** A subclass of pg.Pool may await the connection of its own `query`. */
  #connectQueryOfSubclass(entry: Entry): Promise<ClientLike> {
    const statement = this.#statement
    const lent = connectByPromise(this.#patched, callerContext(), entry)
    if (this.#seconds === undefined) return lent
    lent.then(
      (client) => markLent(client, statement),
      () => {},
    )
    return lent
  }

  #connectCallback(callback: Handover<ClientLike>, entry: Entry, around: CallerContext): undefined {
    const receive: Receiver<ClientLike>['receive'] = (error, client: Client | undefined, release, checkout) => {
      if (client === undefined) return process.nextTick(callback, error, undefined, noRelease)
      client[checkoutKey] = checkout
      this.#gate.flows.follow(checkout)
      knownLifeOf(client)?.held(checkout)
      holdings.run(checkout, callback, undefined, client, release)
    }
    const refused = this.#acquire({ receive }, entry, around)
    if (refused !== undefined) process.nextTick(callback, refused, undefined, noRelease)
  }

  /**
   * Asks the gate. pg-pool calls back in the context of the call that released the connection. This restores the
   * context of the asking call.
   *
   * @returns the error that refuses the call immediately
   */
  #acquire(
    call: Receiver<ClientLike>,
    entry: Entry,
    around: CallerContext | undefined,
    execution?: Execution,
  ): Error | undefined {
    const origin = execution && (execution.origin ?? null)
    const asked = this.#gate.acquire(call, entry, execution?.startedAt, undefined, around, origin)
    if (asked instanceof Error) return asked
    if (asked.state === 'waiting') asked.receiver = inThisContext(call)
    return undefined
  }
}

/** The no-op `release` that accompanies an error. */
function noRelease(): void {}

/** Does what AsyncLocalStorage.bind() does, in a fortieth of its 10 µs. */
function inThisContext(call: Receiver<ClientLike>): Receiver<ClientLike> {
  const context = new AsyncResource('poolsafe.connect')
  return { receive: (...answer) => context.runInAsyncScope(() => call.receive(...answer)) }
}

/** A `pool.query` that waits for its connection. */
class QueryCall implements Receiver<ClientLike> {
  readonly #calls: PoolCalls
  readonly #callback: Handover<ClientLike>
  readonly #execution: Execution | undefined
  /** The argument that is judged already. */
  readonly #statement: unknown

  constructor(calls: PoolCalls, callback: Handover<ClientLike>, execution: Execution | undefined, statement: unknown) {
    this.#calls = calls
    this.#callback = callback
    this.#execution = execution
    this.#statement = statement
  }

  receive(
    error: Error | undefined,
    client: Client | undefined,
    release: Release,
    checkout: Checkout<ClientLike>,
  ): void {
    if (client === undefined) return this.#calls.failQuery(this.#callback, this.#execution, error)
    client[checkoutKey] = checkout
    checkout.statement = this.#execution
    this.#calls.lend(client, this.#statement)
    this.#callback(undefined, client, release)
  }
}
