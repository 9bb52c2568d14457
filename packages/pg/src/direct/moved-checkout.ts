import type { Entry } from '@poolsafe/core/adapter'
import {
  changedParameters,
  readSettings,
  writeSettings,
  type Checkout,
  type Release,
  performance,
} from '@poolsafe/core/internal'
import { askOn } from '../ask-idle.ts'
import { cancelQuery } from '../limits/cancel-request.ts'
import { knownLifeOf, type Life, type LivingClient } from '../living-client.ts'
import { isInTransaction, isQuiet } from '../pending.ts'
import { checkoutKey, type GatedClient } from '../present-checkout.ts'
import { repairedTextOf } from '../repaired-names.ts'
import { refuseCall } from '../statement.ts'
import {
  closeConnection,
  latestQueryOf,
  type Arguments,
  type ClientLike,
  type DriverFunction,
  type WiredClient,
} from '../types.ts'
import { locateRelease } from '../use-after-release.ts'
import type { MovedClient } from './client-mover.ts'
import { DirectSession } from './direct-session.ts'
import { handBack } from './hand-back.ts'
import type { MovableClient, MovableHome } from './internals.ts'
import { Shell } from './shell.ts'
import { WaitingCall } from './waiting-call.ts'
import { recordOf } from './wire-record.ts'

/**
 * - `draining`: statements that were sent before have no answer yet
 * - `waiting`: the pooled connection is back in its pool; the direct one is asked for
 * - `failed`: there was no direct connection; the next statement asks again
 * - `attached`: the checkout has its direct connection
 * - `over`: the application has released it
 */
type Phase = 'draining' | 'waiting' | 'failed' | 'attached' | 'over'

/** How a checkout that is about to move goes on. */
interface Way {
  /** Sends a statement on the pooled connection. */
  readonly sendPooled: (args: Arguments) => unknown
  /** The checkout leaves its pooled connection. */
  readonly leave: () => void
  /** The checkout stays after all. */
  readonly stay: () => void
}

/** A checkout that has moved, or is about to move, to a direct connection. It ends with its release. */
export class MovedCheckout implements MovedClient {
  /** The checkout of the direct pool. */
  checkout: Checkout<ClientLike> | undefined
  readonly #client: MovableClient
  readonly #home: MovableHome
  readonly #way: Way
  /** The `query_timeout` of the pooled client. */
  readonly #queryTimeout: unknown
  #phase: Phase = 'draining'
  #calls: WaitingCall[] = []
  #shell: Shell | undefined
  #session: DirectSession | undefined
  /** Settings of the pooled connection, as names and values in turn. */
  #settings: readonly string[] = []
  /** The statements that were prepared on the pooled connection, by name. */
  #texts: Readonly<Record<string, unknown>> = {}
  /** Set by a release that came before the connection. */
  #early: { readonly error: unknown; readonly entry: DriverFunction } | undefined
  #over = (): void => {}
  #forget = (): unknown => undefined

  constructor(client: MovableClient, home: MovableHome, way: Way) {
    this.#client = client
    this.#home = home
    this.#way = way
    this.#queryTimeout = client.connectionParameters?.query_timeout
    home.direct.note(new Promise<void>((resolve) => void (this.#over = resolve)))
  }

  get direct(): ClientLike | undefined {
    return this.#session?.client
  }

  /**
   * Moves the checkout, and then sends its statement.
   *
   * @param entry the function that the application called
   * @returns what `query` returns
   */
  begin(args: Arguments, entry: Entry): unknown {
    const { result } = this.#await(args)
    if (isQuiet(this.#client as unknown as LivingClient)) void this.#leave(entry)
    else this.#drain(entry)
    return result
  }

  query(args: Arguments, entry: Entry): unknown {
    if (this.#session !== undefined) return this.#session.send(args)
    if (this.#phase === 'over') return refuseCall(args, new Error('Client was closed and is not queryable'), undefined)
    const { result } = this.#await(args)
    if (this.#phase === 'failed') this.#acquire(entry)
    return result
  }

  latest(): object | undefined {
    return this.direct === undefined ? this.#calls.at(-1) : latestQueryOf(this.direct as WiredClient)
  }

  async cancel(query: object): Promise<void> {
    const sent = query instanceof WaitingCall ? query.query : query
    if (sent === undefined) return this.#cancelWaiting(query as WaitingCall)
    if (this.direct === undefined) return
    const outcome = await cancelQuery(this.direct as WiredClient, sent)
    if (outcome === 'failed') throw new Error('the CancelRequest could not be sent: the query goes on')
  }

  #cancelWaiting(call: WaitingCall): void {
    if (!this.#calls.includes(call)) return
    this.#calls = this.#calls.filter((each) => each !== call)
    // PostgreSQL's own words.
    call.fail(new Error('canceling statement due to user request'))
  }

  async close(error: Error): Promise<void> {
    if (this.direct !== undefined) return closeConnection(this.direct as WiredClient, error)
    if (this.#phase === 'waiting' && this.checkout !== undefined) this.#home.direct.gate.abort(this.checkout, error)
  }

  /** Releases the checkout for the application. @param error any true value closes the connection */
  end(error: unknown, entry: DriverFunction): unknown {
    // pg-pool's own message.
    if (this.#phase === 'over' || this.#early !== undefined)
      throw new Error('Release called on client which has already been released to the pool.')
    this.#early = { error, entry }
    if (this.#session !== undefined) return this.#finish(this.#session, error, entry)
    if (this.#phase === 'failed') this.#finished()
    else if (error) void this.close(new Error('Connection terminated'))
    return undefined
  }

  #await(args: Arguments): WaitingCall {
    const call = new WaitingCall(args, this.#client._Promise)
    this.#calls.push(call)
    call.limit(this.#queryTimeout, () => (this.#calls = this.#calls.filter((each) => each !== call)))
    return call
  }

  /** Waits for the answers to statements that were sent on the pooled connection before. */
  #drain(entry: Entry): void {
    const { connection } = this.#client
    const look = (): void => {
      if (!isQuiet(this.#client as unknown as LivingClient)) return
      stop()
      void this.#leave(entry)
    }
    const end = (): void => {
      stop()
      this.#stay()
    }
    const stop = (): void => {
      connection.off('readyForQuery', look)
      connection.off('end', end)
    }
    connection.on('readyForQuery', look)
    connection.on('end', end)
  }

  /** Sends everything on the pooled connection after all: it was lost, or a transaction is open. */
  #stay(): void {
    this.#over()
    this.#way.stay()
    for (const call of this.#calls.splice(0)) call.send(this.#way.sendPooled)
    if (this.#early !== undefined) (this.#client as unknown as { release: DriverFunction }).release(this.#early.error)
  }

  async #leave(entry: Entry): Promise<void> {
    const client = this.#client
    const life = knownLifeOf(client) as Life
    if (life.loss !== undefined || isInTransaction(client as unknown as LivingClient, life)) return this.#stay()
    const { settings, login, now } = recordOf(client.connection)
    const known = new Set(Object.keys(now).map((name) => name.toLowerCase()))
    const changed = Object.entries(changedParameters(login, now)).flat()
    const unknown = [...settings].filter((name) => !known.has(name))
    if (unknown.length === 0) return this.#handBack(changed, entry)
    try {
      const [row = {}] = await askOn(client, readSettings(unknown), unknown)
      const read = unknown.flatMap((name, at) =>
        typeof row[`s${at}`] === 'string' ? [name, String(row[`s${at}`])] : [],
      )
      this.#handBack([...changed, ...read], entry)
    } catch {
      this.#stay()
    }
  }

  #handBack(settings: readonly string[], entry: Entry): void {
    this.#settings = settings
    this.#texts = { ...this.#client.connection.parsedStatements }
    const { layer = 'pg' } = (this.#client as GatedClient)[checkoutKey] ?? {}
    this.#way.leave()
    handBack(this.#home, this.#client)
    this.#shell = new Shell(this.#client)
    this.#acquire(entry, layer)
  }

  #acquire(entry: Entry, layer = 'pg'): void {
    const { gate } = this.#home.direct
    this.#phase = 'waiting'
    let asked: Checkout<ClientLike> | Error
    try {
      asked = gate.acquire(this, entry)
    } catch (error) {
      asked = error as Error
    }
    if (asked instanceof Error) return this.#fail(asked)
    this.checkout = asked
    asked.layer = layer
    gate.flows.enter(asked)
  }

  /** Gets the direct connection from the gate. */
  receive(
    error: Error | undefined,
    client: ClientLike | undefined,
    release: Release,
    checkout: Checkout<ClientLike>,
  ): void {
    if (client === undefined) return this.#fail(error ?? new Error('the pool gave no connection'))
    void this.#attach(client, release, checkout)
  }

  async #attach(client: GatedClient, release: Release, checkout: Checkout<ClientLike>): Promise<void> {
    const { direct } = this.#home
    client[checkoutKey] = checkout
    try {
      await direct.check(client)
      if (this.#settings.length > 0) await askOn(client, writeSettings(this.#settings.length / 2), this.#settings)
    } catch (error) {
      release(true)
      return this.#fail(error as Error)
    }
    this.#phase = 'attached'
    const session = new DirectSession(client, release, direct, (name) => this.#textOf(name))
    this.#session = session
    this.#shell?.attach(client as unknown as MovableClient)
    for (const call of this.#calls.splice(0)) {
      call.send((args) => session.send(args))
      call.query = latestQueryOf(client as WiredClient)
    }
    // A lost connection may never be released.
    const { connection } = client as unknown as MovableClient
    connection.once('end', this.#over)
    this.#forget = () => connection.off('end', this.#over)
    if (this.#early !== undefined) this.#finishEarly(session, this.#early)
  }

  /** Ends a session whose release came before its connection. No caller is left that could catch an error. */
  #finishEarly(
    session: DirectSession,
    { error, entry }: { readonly error: unknown; readonly entry: DriverFunction },
  ): void {
    try {
      this.#finish(session, error, entry)
    } catch {
      // The guard has reported it.
    }
  }

  /** The text that was prepared on the pooled connection under a name, as the application wrote it. */
  #textOf(name: string): unknown {
    return repairedTextOf(name, this.#client) ?? this.#texts[name]
  }

  #fail(error: Error): void {
    this.#phase = 'failed'
    this.checkout = undefined
    for (const call of this.#calls.splice(0)) call.fail(error)
    if (this.#early !== undefined) this.#finished()
  }

  #finish(session: DirectSession, error: unknown, entry: DriverFunction): unknown {
    this.#forget()
    this.#finished(entry)
    const verdict = session.end(error, entry, this.#over)
    // The caller's own error matters more than ours, which would replace it in a finally block.
    if (verdict?.error !== undefined && !verdict.isKnown) throw verdict.error
    return undefined
  }

  /** The application has no connection any more. Later statements on its client object come after the release. */
  #finished(entry?: DriverFunction): void {
    this.#phase = 'over'
    this.#shell?.detach()
    const life = knownLifeOf(this.#client)
    const { checkout } = this
    if (life !== undefined && checkout !== undefined) {
      checkout.releasedAt = performance.now()
      life.released = checkout
      if (entry !== undefined) locateRelease(life, checkout, entry)
    }
    if (this.#session === undefined) this.#over()
    this.#session = undefined
  }
}
