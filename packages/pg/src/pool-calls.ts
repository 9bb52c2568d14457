import { AsyncResource } from 'node:async_hooks'
import { isPoolsafeError } from '@poolsafe/core'
import {
  type Layer,
  sqlStateOf,
  type Answer,
  type Engine,
  type Entry,
  type Execution,
  type Observer,
  type Origin,
} from '@poolsafe/core/adapter'
import {
  callerContext,
  AwaitChain,
  type Checkout,
  holdings,
  inScopeOfCaller,
  origins,
  type Acquiring,
  type Gate,
  type Handover,
  type Holdable,
  type Holding,
  type Receiver,
  performance,
} from '@poolsafe/core/internal'
import { sendByPoolAndJudge } from './answer.ts'
import { markLent } from './guard-client.ts'
import { knownLifeOf } from './living-client.ts'
import { checkoutKey, type GatedClient } from './present-checkout.ts'
import { PromisedCall } from './promised-call.ts'
import { sqlOf } from './query-watch.ts'
import { SecondCalls } from './second-call.ts'
import { refuseCall, statementOf, type Statement } from './statement.ts'
import { throwFromHere } from './throw-from-here.ts'
import { type Arguments, type ClientLike, type DriverFunction, hasWiredClients, type PoolLike } from './types.ts'
import { inherited } from './unpatched.ts'

type Client = GatedClient

type CallerContext = ReturnType<typeof callerContext>

/** A pool with patched calls. */
export interface PatchedPool {
  readonly pool: PoolLike
  readonly gate: Gate<ClientLike>
  readonly guard: Engine
  /** The layer that its statements come through. */
  readonly layer: Layer
  /** True if the guard judges the statements here; otherwise a layer above does. */
  readonly isJudged: boolean
}

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
  readonly #pool: PoolLike
  readonly #gate: Gate<ClientLike>
  readonly #guard: Engine
  readonly #layer: Layer
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

  constructor({ pool, gate, guard, layer, isJudged }: PatchedPool) {
    this.#pool = pool
    this.#gate = gate
    this.#guard = guard
    this.#layer = layer
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
    if (seconds === undefined || held === undefined) return this.#connectPromise(around, entry)
    return seconds.connect(held, () => this.#connectPromise({ acquiring, holding: callerContext().holding }, entry))
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
    const execution = sql === undefined ? undefined : this.#observer?.begin(sql, this.#layer, entry)
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
    const statement = this.#statement
    const receive: Receiver<ClientLike> = (error, client: Client | undefined, release, checkout) => {
      if (client === undefined) return this.#failQuery(callback, execution, error)
      client[checkoutKey] = checkout
      checkout.statement = execution
      if (this.#seconds !== undefined) markLent(client, statement)
      callback(undefined, client, release)
    }
    const refused = this.#acquire(receive, entry, this.#around, execution?.startedAt)
    if (refused !== undefined) this.#failQuery(callback, execution, refused)
  }

  #failQuery(callback: Handover<ClientLike>, execution: Execution | undefined, error: Error | undefined): void {
    process.nextTick(() => {
      this.#neverSent(execution, error)
      callback(error, undefined, noRelease)
    })
  }

  /** A subclass of pg.Pool may await the connection of its own `query`. */
  #connectQueryOfSubclass(entry: Entry): Promise<ClientLike> {
    const statement = this.#statement
    const lent = this.#connectPromise(callerContext(), entry)
    if (this.#seconds === undefined) return lent
    lent.then(
      (client) => markLent(client, statement),
      () => {},
    )
    return lent
  }

  #connectCallback(callback: Handover<ClientLike>, entry: Entry, around: CallerContext): undefined {
    const receive: Receiver<ClientLike> = (error, client: Client | undefined, release, checkout) => {
      if (client === undefined) return process.nextTick(callback, error, undefined, noRelease)
      client[checkoutKey] = checkout
      this.#gate.flows.follow(checkout)
      knownLifeOf(client)?.held(checkout)
      holdings.run(checkout, callback, undefined, client, release)
    }
    const refused = this.#acquire(receive, entry, around)
    if (refused !== undefined) process.nextTick(callback, refused, undefined, noRelease)
  }

  /**
   * Asks the gate. pg-pool calls back in the context of the call that released the connection. This restores the
   * context of the asking call.
   *
   * @returns the error that refuses the call immediately
   */
  #acquire(
    receive: Receiver<ClientLike>,
    entry: Entry,
    around: CallerContext | undefined,
    askedAt?: number,
  ): Error | undefined {
    const asked = this.#gate.acquire(receive, entry, askedAt, undefined, around)
    if (asked instanceof Error) return asked
    if (asked.state === 'waiting') asked.handover = inThisContext(receive)
    return undefined
  }

  #connectPromise(around: CallerContext, entry: Entry): Promise<ClientLike> {
    const { acquiring, holding } = around
    const { Promise: PromiseOfPool = Promise } = this.#pool as { Promise?: PromiseConstructor }
    const call = new PromisedCall(acquiring, entry)
    const promise = new PromiseOfPool<ClientLike>((resolve, reject) => call.settleBy(resolve, reject))
    const receive: Receiver<ClientLike> = (error, client, _release, checkout) => call.receive(error, client, checkout)
    const { acquireWithinMillis } = origins.getStore() ?? unlimited
    // pg-pool throws synchronously if it cannot create a client.
    const asked = this.#gate.acquire(receive, entry, undefined, acquireWithinMillis, around)
    call.hasReturned = true
    if (asked instanceof Error) {
      call.fail(asked)
      return isCallersOwn(asked) ? promise : promise.catch(throwFromHere)
    }
    this.#hold(asked, acquiring, promise, holding)
    if (call.hasFailed) return promise
    if (PromiseOfPool === Promise && this.#gate.flows.mayTakeChain(asked)) return takenBy(promise, asked)
    // An idle connection arrives in this turn, so it does not fail.
    return asked.comesAtOnce && acquiring === undefined ? promise : promise.catch(throwFromHere)
  }

  /** Enters the requested connection in the caller's context. */
  #hold(
    asked: Checkout<ClientLike>,
    acquiring: Acquiring | undefined,
    promise: Promise<unknown>,
    holding: Holding | undefined,
  ): void {
    asked.layer = acquiring === undefined ? this.#layer : 'kysely'
    this.#gate.flows.enter(asked, holding)
    if (acquiring === undefined) return
    acquiring.holding = asked
    if (acquiring.signal !== undefined) obey(acquiring.signal, this.#gate, asked, promise)
  }
}

const unlimited: Pick<Origin, 'acquireWithinMillis'> = {}

/** The no-op `release` that accompanies an error. */
function noRelease(): void {}

/** Does what AsyncLocalStorage.bind() does, in a fortieth of its 10 µs. */
function inThisContext(receive: Receiver<ClientLike>): Receiver<ClientLike> {
  const context = new AsyncResource('poolsafe.connect')
  return (...answer) => context.runInAsyncScope(receive, undefined, ...answer)
}

/** Returns true for pg-pool's own error after the end of a pool, which has its own stack. */
function isCallersOwn(asked: unknown): boolean {
  return asked instanceof Error && !isPoolsafeError(asked)
}

/** Remembers the await chain of the connection. */
async function takenBy(promise: Promise<ClientLike>, checkout: Checkout<ClientLike>): Promise<ClientLike> {
  const client = await promise.catch(throwFromHere)
  checkout.taken = new AwaitChain(takenBy)
  return client
}

/** Obeys an abort signal. Kysely passes it to its driver, and the driver does not pass it on. */
function obey(
  signal: AbortSignal,
  gate: Gate<ClientLike>,
  checkout: Checkout<ClientLike>,
  promise: Promise<unknown>,
): void {
  const abort = (): void => gate.abort(checkout, signal.reason as Error)
  if (signal.aborted) return abort()
  const forget = (): void => signal.removeEventListener('abort', abort)
  signal.addEventListener('abort', abort)
  promise.then(forget, forget)
}
