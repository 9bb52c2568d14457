import { origins } from '../stack/origin.ts'
import { Checkout, type Receiver, type Release, type Thrown } from './checkout.ts'
import { systemClock, type Clock } from '../measure/clock.ts'
import { DeadlockWatch } from './deadlock-watch.ts'
import { Denials } from './denials.ts'
import { surveyHolders } from './diagnosis.ts'
import type { Watcher } from './events.ts'
import { Expiry } from './expiry.ts'
import { classifyFailure } from './failures.ts'
import type { Entry } from '../stack/call-site.ts'
import { familyOf, firstHeld, heldFrom, type Holdable } from './holding.ts'
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
import { troubleOf, type PoolTrouble } from './pool-trouble.ts'

/**
 * Stands before a pool that would let its callers wait for ever. Callers wait here, first come, first served; the pool
 * is asked only for connections that it can give. It knows no driver.
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
    this.#retries = new RetryPlan(clock, () => this.pump())
    this.capacity = new Capacity(source, { taking, held }, refusal, clock)
    this.#expiry = new Expiry({ clock, limits, waiting, taking, expire: this.#expire.bind(this) })
    this.record = new Recorder({ clock, source, limits, watcher, held })
    this.flows = new Flows(watcher, source.max)
    const { measures, sites } = this.record
    const survey = (waitedMillis = 0): PoolState => this.#survey(waitedMillis)
    const fail = this.#fail.bind(this)
    const { busy } = this.#expiry
    this.#denials = new Denials({ measures, refusal, busy, limits, watcher, sites, held, survey, fail })
    this.deadlocks = new DeadlockWatch({ clock, source, watcher, sites, held, survey, refuse: fail })
  }

  /**
   * Asks for a connection.
   *
   * @param handover called once, later, with the connection or an error
   * @param entry the function that the application called, for its line
   * @param askedAt for whoever has looked at the clock
   * @param limitMillis how long the caller itself waits, where it says so
   * @returns the checkout; or the error that refuses it at once, and nothing is called
   * @throws what the pool itself throws when it is asked, as without a gate; nothing is called
   */
  acquire(
    handover: Receiver<Connection>,
    entry: Entry,
    askedAt: number = this.#clock.now(),
    limitMillis: number = Infinity,
  ): Checkout<Connection> | Error {
    const origin = origins.getStore()
    const newest = this.flows.newest()
    const site = this.record.sites.of(origin, entry)
    const checkout = new Checkout(
      this.#order++,
      askedAt,
      handover,
      origin?.operation,
      site,
      firstHeld(newest),
      familyOf(newest),
      this,
    )
    if (limitMillis < this.limits.acquireTimeoutMillis) checkout.ownLimitMillis = limitMillis
    if (this.#waiting.size === 0 && this.capacity.canTake()) {
      checkout.comesAtOnce = this.capacity.hasIdle
      const thrown = this.#take(checkout)
      if (thrown !== undefined) throw thrown.error
      return checkout
    }
    return this.#ended ?? this.#enqueue(checkout)
  }

  /**
   * The caller no longer wants the connection, and hears of `reason`. A connection that still comes goes back to the
   * pool.
   */
  abort(checkout: Checkout<Connection>, reason: Error): void {
    if (checkout.state !== 'waiting' && checkout.state !== 'taking') return
    this.record.measures.counts.aborted++
    this.#fail(checkout, reason)
    this.pump()
  }

  /** The connection is back in the pool, or closed. {@link pump} then lets the next caller in. */
  giveBack(checkout: Checkout<Connection>): void {
    if (checkout.state !== 'held') return
    this.#held.remove(checkout)
    const heldMillis = checkout.end(this.#clock.now())
    this.record.released(checkout, heldMillis)
    checkout.letGo()
  }

  /** Lets callers in for as long as the pool has connections for them. */
  pump(): void {
    // The pool may call back at once, and its listeners may ask again.
    if (this.#isPumping) return
    this.#isPumping = true
    try {
      for (let next = this.#waiting.first; next !== undefined && this.capacity.canTake(); next = this.#waiting.first) {
        this.#unqueue(next)
        const thrown = this.#take(next)
        if (thrown !== undefined) next.handover(thrown.error, undefined, nothing, next)
      }
    } finally {
      this.#isPumping = false
    }
    this.#planRetry()
  }

  /** The pool gives no connection any more: whoever waits hears it now. */
  end(error: Error): void {
    this.#ended = error
    for (const checkout of this.#waiting) this.#fail(checkout, error)
  }

  /** It is known now which of the connections that its context holds a waiting call waits inside. */
  place(checkout: Checkout<Connection>, inside: Holdable | undefined): void {
    if (checkout.inside === inside) return
    checkout.moveTo(inside)
    if (checkout.state === 'waiting') this.deadlocks.suspect(checkout)
  }

  /** How many calls wait. */
  get waitingCount(): number {
    return this.#waiting.size
  }

  /** The call that came last of those that wait. */
  get lastWaiting(): Checkout<Connection> | undefined {
    return this.#waiting.last
  }

  /** Plain data: now, and since the pool was guarded. */
  statistics(): PoolStatistics {
    const { max, size, idle } = this.#source
    const { active } = this.capacity
    return this.record.statistics({ max, size, idle, active, waiting: this.#waitingNow }, this.deadlocks.found)
  }

  /** Who holds connections now, the longest first. */
  state(): PoolState {
    return this.#survey(0, this.#waitingNow)
  }

  /** What goes wrong now, and what went wrong in the last `recentMillis`. */
  trouble(recentMillis: number): PoolTrouble {
    const parts = {
      measures: this.record.measures,
      deadlocks: this.deadlocks,
      held: this.#held,
      source: this.#source,
      refusal: this.#refusal,
    }
    return troubleOf(parts, this.#waiting.first?.askedAt, recentMillis, this.#clock.now())
  }

  /**
   * Has the pool open a connection for nobody, which is idle then.
   *
   * @returns `undefined` where one is idle, somebody waits, there is no room, or the server is to be left alone for now
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

  /** Without a bound of its own the gate lets everyone in to the driver, and they wait there. */
  get #waitingNow(): number {
    return this.#waiting.size + (Number.isFinite(this.#source.max) ? 0 : this.#taking.size)
  }

  /** Returns true if a call that is next in the queue gets a connection now. */
  canTake(): boolean {
    return this.capacity.canTake()
  }

  /** @returns what the pool throws, as it does where its driver cannot make a client */
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

  /** The connection comes too late for its caller. */
  #takeBack(connection: Connection, release: Release): void {
    this.capacity.abandoned--
    this.record.measures.counts.lateArrivals++
    this.#source.takeBack(connection, release)
    this.pump()
  }

  #taken(checkout: Checkout<Connection>, connection: Connection, release: Release): void {
    this.#settle(checkout)
    checkout.settled()
    checkout.state = 'held'
    checkout.heldSince = checkout.comesAtOnce ? checkout.askedAt : this.#clock.now()
    checkout.connection = connection
    this.#held.push(checkout)
    this.record.acquired(checkout)
    if (this.#waiting.size > 0) this.#serveNext(checkout.heldSince)
    const { handover } = checkout
    checkout.handover = nothing
    handover(undefined, connection, release, checkout)
  }

  #serveNext(now: number): void {
    this.#expiry.busy.served(now)
    this.pump()
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
    // Last, as what is called may throw.
    if (!isOver && !isRetried) checkout.handover(error, undefined, nothing, checkout)
  }

  /** While the server refuses, waiting is worth it only where a connection is open, which may come free. */
  get #failsFast(): boolean {
    return this.#refusal.failsAtOnce(this.limits.failFast) && this.#source.size <= this.capacity.connecting
  }

  /** @returns whether it is tried again for the same call */
  #connectFailed(error: Error, hasCaller: boolean): boolean {
    const failure = classifyFailure(error)
    const mayHelp = this.#refusal.failed(error, failure)
    const isRetried = mayHelp && hasCaller && this.#ended === undefined && this.limits.acquireTimeoutMillis !== Infinity
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

  /** Gives up. A connection that has been asked for is still to come. */
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
    checkout.handover(error, undefined, nothing, checkout)
  }

  /** Fails calls that have waited too long, unless a connection is idle: then the pool is still opening another one. */
  #expire(due: readonly Checkout<Connection>[], now: number): void {
    const late = due.filter((checkout) => !this.#takesIdle(checkout))
    if (late.length > 0) this.#denials.expire(late, now)
    this.pump()
  }

  /** Once for each call: the answer comes at once. A caller with a limit of its own has gone. */
  #takesIdle(checkout: Checkout<Connection>): boolean {
    if (checkout.state !== 'taking' || checkout.ownLimitMillis !== undefined) return false
    if (checkout.superseded > 0 || !this.capacity.hasIdle) return false
    checkout.supersede()
    this.#settle(checkout)
    this.capacity.abandoned++
    return this.#take(checkout) === undefined
  }

  /** The pool has answered, or the caller has given up. */
  #settle(checkout: Checkout<Connection>): void {
    this.#taking.remove(checkout)
    this.#expiry.settled(checkout)
  }

  /** @param waiting the call that is refused now is not in the queue any more */
  #survey(waitedMillis: number, waiting: number = Math.max(this.#waitingNow, 1)): PoolState {
    const { max, size, idle, inHook = 0 } = this.#source
    const { active, connecting } = this.capacity
    const survey = surveyHolders(this.#held, this.#source, this.#clock.now(), waitedMillis)
    return { max, size, idle, active, connecting, inHook, waiting, ...survey }
  }

  /** While the server refuses connections nobody may come back to let the next caller in. */
  #planRetry(): void {
    if (this.#refusal.isOn && this.#waiting.size > 0 && !this.capacity.isFull) this.#retries.plan(this.#refusal.nextAt)
  }
}

/**
 * Of a checkout that has been handed over, which is kept small for as long as it is held; and of an error, with which
 * nothing comes.
 */
function nothing(): void {}
