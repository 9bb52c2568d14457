import { currentOrigin, type Origin } from '../stack/origin.ts'
import { Checkout, type Receiver, type Release, type Thrown } from './checkout.ts'
import { systemClock, type Clock } from '../measure/clock.ts'
import { DeadlockWatch } from './deadlock-watch.ts'
import { Denials } from './denials.ts'
import type { Watcher } from './events.ts'
import { Expiry } from './expiry.ts'
import { classifyFailure } from './failures.ts'
import type { Caller } from '../stack/call-site.ts'
import { familyOf, firstHeld, heldFrom, holdings, type Holdable, type Holding } from './holding.ts'
import { openOne, type ConnectionSource, type GateNature } from './connection-source.ts'
import { Flows } from './flows.ts'
import type { CheckoutLimits } from './limits.ts'
import type { PoolState } from './pool-state.ts'
import { Recorder } from './recorder.ts'
import { Queue } from './queue.ts'
import { ServerRefusal } from './reconnect-pause.ts'
import { RetryPlan } from './retry-plan.ts'
import { Capacity } from './capacity.ts'
import type { PoolStatistics } from './statistics.ts'
import type { PoolTrouble } from './pool-trouble.ts'
import { Readings } from './readings.ts'

/**
 * Queues the callers of a pool that would let them wait forever. Callers wait here, first come, first served. The gate
 * asks the pool only for connections that it can provide. It knows no driver.
 */
export class Gate<Connection> {
  readonly limits: CheckoutLimits
  readonly record: Recorder<Connection>
  readonly flows: Flows
  readonly capacity: Capacity
  readonly #source: ConnectionSource<Connection>
  readonly #clock: Clock
  readonly #waiting = new Queue<Checkout<Connection>>()
  readonly #taking = new Queue<Checkout<Connection>>()
  readonly #held = new Queue<Checkout<Connection>>()
  readonly #refusal: ServerRefusal
  readonly #expiry: Expiry<Connection>
  readonly #denials: Denials<Connection>
  readonly deadlocks: DeadlockWatch<Connection>
  readonly #readings: Readings<Connection>
  readonly #retries: RetryPlan
  #order = 0
  #ended: Error | undefined
  #isPumping = false

  constructor(
    source: ConnectionSource<Connection>,
    limits: CheckoutLimits,
    watcher: Watcher,
    { clock, random }: GateNature = { clock: systemClock, random: Math.random },
  ) {
    this.#source = source
    this.limits = limits
    this.#clock = clock
    const [waiting, taking, held] = [this.#waiting, this.#taking, this.#held]
    const refusal = new ServerRefusal(clock, random, limits.waitsForFirstAnswer || source.size > 0)
    this.#refusal = refusal
    this.capacity = new Capacity(source, { taking, held }, refusal, clock)
    // No release occurs when the application raises the size of the pool.
    const pump = (): void => this.pump()
    this.#retries = new RetryPlan(clock, pump)
    this.#expiry = new Expiry({ clock, limits, waiting, taking, expire: this.#expire.bind(this), pump })
    this.record = new Recorder({ clock, source, limits, watcher, held })
    this.flows = new Flows(watcher, source.max)
    const { measures, sites } = this.record
    const survey = (waitedMillis = 0): PoolState => this.#readings.survey(waitedMillis)
    const fail = this.#fail.bind(this)
    const { busy } = this.#expiry
    this.#denials = new Denials({ measures, refusal, busy, limits, watcher, sites, held, survey, fail })
    this.deadlocks = new DeadlockWatch({ clock, source, watcher, sites, held, survey, refuse: fail })
    const { capacity, record, deadlocks } = this
    this.#readings = new Readings({ clock, source, capacity, refusal, waiting, taking, held, record, deadlocks })
  }

  /**
   * Asks for a connection.
   *
   * @param receiver called once, later, with the connection or an error
   * @param entry the function that the application called, for the call site
   * @param askedAt when the caller asked, if it has read the clock already
   * @param limitMillis how long the caller itself waits, if it sets a limit
   * @param around what the caller's context holds, if the caller has read that already: each reading costs 10 ns
   * @param origin the origin of the call, `null` for none, if the caller has read that already
   * @returns the checkout; or the error that refuses it immediately, and then `receiver` is not called
   * @throws what the pool itself throws when it is asked, as without a gate; then `receiver` is not called
   */
  acquire(
    receiver: Receiver<Connection>,
    entry: Caller,
    askedAt: number = this.#clock.now(),
    limitMillis: number = Infinity,
    { holding }: { readonly holding: Holding | undefined } = { holding: holdings.getStore() },
    origin: Origin | null = currentOrigin() ?? null,
  ): Checkout<Connection> | Error {
    const newest = holding === undefined ? undefined : this.flows.newest(holding)
    const site = this.record.sites.of(origin ?? undefined, entry)
    const operation = origin?.operation
    const inside = firstHeld(newest)
    const checkout = new Checkout(this.#order++, askedAt, receiver, operation, inside, familyOf(newest), this)
    if (site !== undefined) checkout.site = site
    if (limitMillis !== Infinity && limitMillis < this.limits.acquireTimeoutMillis)
      checkout.ownLimitMillis = limitMillis
    if ((this.#waiting.size === 0 || this.#source.mustWait === false) && this.capacity.canTake()) {
      if (this.capacity.hasIdle) checkout.heldSince = askedAt
      const thrown = this.#take(checkout)
      if (thrown !== undefined) throw thrown.error
      return checkout
    }
    return this.#ended ?? this.#enqueue(checkout)
  }

  /**
   * Fails a call with `reason`, because its caller no longer wants the connection. If the connection still arrives, it
   * goes back to the pool.
   */
  abort(checkout: Checkout<Connection>, reason: Error): void {
    if (checkout.state !== 'waiting' && checkout.state !== 'taking') return
    this.record.measures.counts.aborted++
    this.#fail(checkout, reason)
    this.pump()
  }

  /**
   * Notes that a driver that queues its callers itself has a connection for a waiting call.
   *
   * @returns `false` for a call that no longer waits
   */
  arrived(checkout: Checkout<Connection>, connection: Connection, release: Release): boolean {
    if (checkout.state !== 'waiting') return false
    this.#unqueue(checkout)
    this.#expiry.settled(checkout)
    this.#hold(checkout, connection, release)
    return true
  }

  /** Notes that the connection is back in the pool or closed. {@link pump} then lets the next caller in. */
  giveBack(checkout: Checkout<Connection>): void {
    if (checkout.state !== 'held') return
    this.#held.remove(checkout)
    const heldMillis = checkout.end(this.#clock.now())
    this.record.released(checkout, heldMillis)
    checkout.letGo()
  }

  /** Lets callers in while the pool has connections for them. */
  pump(): void {
    // The pool may call back synchronously, and its listeners may ask again.
    if (this.#isPumping) return
    this.#isPumping = true
    try {
      for (let next = this.#waiting.first; next !== undefined && this.capacity.canTake(); next = this.#waiting.first) {
        this.#unqueue(next)
        const thrown = this.#take(next)
        if (thrown !== undefined) next.receiver.receive(thrown.error, undefined, nothing, next)
      }
    } finally {
      this.#isPumping = false
    }
    this.#planRetry()
  }

  /** Fails all waiting calls, because the pool has ended. */
  end(error: Error): void {
    this.#ended = error
    for (const checkout of this.#waiting) this.#fail(checkout, error)
  }

  /** Records which of the connections in its context a waiting call is nested in. */
  place(checkout: Checkout<Connection>, inside: Holdable | undefined): void {
    if (checkout.inside === inside) return
    checkout.moveTo(inside)
    if (checkout.state === 'waiting') this.deadlocks.suspect(checkout)
  }

  /** The number of waiting calls. */
  get waitingCount(): number {
    return this.#waiting.size
  }

  /** The waiting call that came last. */
  get lastWaiting(): Checkout<Connection> | undefined {
    return this.#waiting.last
  }

  /** Returns the statistics of the pool: its present state, and counts since it was guarded. Plain data. */
  statistics(): PoolStatistics {
    return this.#readings.statistics()
  }

  /** Returns the state of the pool, with the holders of connections, longest first. */
  state(): PoolState {
    return this.#readings.state()
  }

  /** Returns the present problems of the pool, and those of the last `recentMillis`. */
  trouble(recentMillis: number): PoolTrouble {
    return this.#readings.trouble(recentMillis)
  }

  /**
   * Makes the pool open a connection without a caller, so that an idle one is ready.
   *
   * @returns `undefined` if one is idle, a call waits, there is no room, or the server must not be asked for now
   */
  open(): Promise<void> | undefined {
    if (this.#ended !== undefined || this.#waiting.size > 0 || this.#source.idle > 0 || !this.canTake())
      return undefined
    this.capacity.abandoned++
    if (this.#refusal.isOn) this.#refusal.asked()
    return openOne(this.#source, (error) => {
      this.capacity.abandoned--
      if (error === undefined) this.#refusal.over()
      else this.#connectFailed(error, false)
    }).finally(() => this.pump())
  }

  /** Returns true if the next call in the queue can acquire a connection now. */
  canTake(): boolean {
    return this.capacity.canTake()
  }

  /** @returns what the pool throws, for example if its driver cannot create a client */
  #take(checkout: Checkout<Connection>): Thrown | undefined {
    checkout.state = 'taking'
    const isNew = this.capacity.ask()
    if (isNew) checkout.keepContext()
    this.#taking.push(checkout)
    this.#expiry.expect(checkout, isNew)
    const { superseded } = checkout
    const thrown = checkout.takeFrom(this.#source, (error, connection, release) => {
      this.capacity.answered(isNew)
      if (isNew && connection !== undefined) this.#refusal.over()
      const isLate = checkout.state !== 'taking' || checkout.superseded !== superseded
      if (connection === undefined)
        this.#failedToTake(checkout, error ?? new Error('the pool gave no connection'), isLate)
      else if (isLate) this.#takeBack(connection, release)
      else this.#taken(checkout, connection, release)
    })
    if (thrown === undefined) return undefined
    this.capacity.answered(isNew)
    this.#settle(checkout)
    checkout.state = 'over'
    this.#connectFailed(thrown.error, false)
    return thrown
  }

  /** Sends back a connection that arrived too late for its caller. */
  #takeBack(connection: Connection, release: Release): void {
    this.capacity.abandoned--
    this.record.measures.counts.lateArrivals++
    this.#source.takeBack(connection, release)
    this.pump()
  }

  #taken(checkout: Checkout<Connection>, connection: Connection, release: Release): void {
    this.#settle(checkout)
    this.#hold(checkout, connection, release)
  }

  #hold(checkout: Checkout<Connection>, connection: Connection, release: Release): void {
    checkout.settled()
    checkout.state = 'held'
    if (!checkout.comesAtOnce) checkout.heldSince = this.#clock.now()
    checkout.connection = connection
    this.#held.push(checkout)
    this.record.acquired(checkout)
    if (this.#waiting.size > 0) {
      this.#expiry.busy.served(checkout.heldSince)
      this.pump()
    }
    const { receiver } = checkout
    checkout.receiver = nobody
    receiver.receive(undefined, connection, release, checkout)
  }

  #failedToTake(checkout: Checkout<Connection>, error: Error, isOver: boolean): void {
    if (isOver) this.capacity.abandoned--
    else this.#settle(checkout)
    const isRetried = this.#connectFailed(error, !isOver)
    if (isRetried) {
      checkout.failure = error
      this.#await(checkout)
    } else if (!isOver) checkout.state = 'over'
    if (this.#failsFast) this.#denials.failFast([...this.#waiting])
    this.pump()
    // Called last, because the callback may throw.
    if (!isOver && !isRetried) checkout.receiver.receive(error, undefined, nothing, checkout)
  }

  /** While the server refuses connections, waiting helps only if an open connection could be released. */
  get #failsFast(): boolean {
    return this.#refusal.failsAtOnce(this.limits.failFast) && this.#source.size <= this.capacity.connecting
  }

  /** @returns true if the gate tries again for the same call */
  #connectFailed(error: Error, hasCaller: boolean): boolean {
    // The end of the pool is no failure of its server.
    if (this.#ended !== undefined) return false
    const failure = this.#source.isOfApplication?.(error) === true ? undefined : classifyFailure(error)
    const isRetried = this.#refusal.failed(error, failure) && hasCaller && this.limits.acquireTimeoutMillis !== Infinity
    this.record.connectFailed(error, failure, isRetried && !this.#failsFast)
    return isRetried
  }

  #enqueue(checkout: Checkout<Connection>): Checkout<Connection> | Error {
    const { maxWaiting } = this.limits
    this.flows.mayWaitForThemselves = true
    if (this.#failsFast) return this.#denials.refuse(checkout)
    if (this.#waiting.size >= maxWaiting) return this.#denials.refuse(checkout, maxWaiting)
    this.#await(checkout)
    this.deadlocks.suspect(checkout)
    this.#planRetry()
    return checkout
  }

  #await(checkout: Checkout<Connection>): void {
    checkout.wait()
    if (checkout.failure === undefined) this.#waiting.push(checkout)
    else this.#waiting.pushBack(checkout, ({ order }) => order > checkout.order)
    for (const outer of heldFrom(checkout.inside)) outer.waitingInside++
    this.#expiry.expect(checkout, true)
  }

  #unqueue(checkout: Checkout<Connection>): void {
    this.#waiting.remove(checkout)
    if (checkout.inside === undefined) return
    for (const outer of heldFrom(checkout.inside)) outer.waitingInside--
  }

  /** Fails a call. A connection that it has asked for may still arrive. */
  #fail(checkout: Checkout<Connection>, error: Error): void {
    if (checkout.state === 'waiting') {
      this.#unqueue(checkout)
      this.#expiry.settled(checkout)
    } else {
      this.#settle(checkout)
      this.capacity.abandoned++
    }
    checkout.settled()
    checkout.state = 'over'
    checkout.receiver.receive(error, undefined, nothing, checkout)
  }

  /**
   * Fails calls that have waited too long, unless a connection is idle: then the pool was still opening another one.
   */
  #expire(due: readonly Checkout<Connection>[], now: number): void {
    const late = due.filter((checkout) => !this.#takesIdle(checkout))
    if (late.length > 0) this.#denials.expire(late, now)
    this.pump()
  }

  /**
   * Takes an idle connection for an expired call, once per call: the answer arrives immediately. A caller with its own
   * limit has left already.
   */
  #takesIdle(checkout: Checkout<Connection>): boolean {
    if (checkout.state !== 'taking' || checkout.ownLimitMillis !== undefined) return false
    if (checkout.superseded > 0 || !this.capacity.hasIdle) return false
    checkout.supersede()
    this.#settle(checkout)
    this.capacity.abandoned++
    return this.#take(checkout) === undefined
  }

  /** Notes that the pool has answered or that the caller has given up. */
  #settle(checkout: Checkout<Connection>): void {
    this.#taking.remove(checkout)
    this.#expiry.settled(checkout)
  }

  /** While the server refuses connections, no release may occur to wake the next waiting caller. */
  #planRetry(): void {
    if (this.#refusal.isOn && this.#waiting.size > 0 && !this.capacity.isFull) this.#retries.plan(this.#refusal.nextAt)
  }
}

/** The no-op `release` that accompanies an error. */
function nothing(): void {}

/** Replaces the receiver of a call that has its connection, so that it can be collected. */
const nobody: Receiver<unknown> = { receive: nothing }
