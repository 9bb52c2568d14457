import { origins } from '../stack/origin.ts'
import { Checkout, type Handover, type Release, type Thrown } from './checkout.ts'
import { systemClock, type Clock } from '../measure/clock.ts'
import { DeadlockWatch } from './deadlock-watch.ts'
import { Denials } from './denials.ts'
import { surveyHolders } from './diagnosis.ts'
import type { Watcher } from './events.ts'
import { Expiry } from './expiry.ts'
import { classifyFailure } from './failures.ts'
import type { Entry } from '../stack/call-site.ts'
import {
  enterHolding,
  familyOf,
  firstHeld,
  heldFrom,
  isHeldBySomeFlow,
  newestHolding,
  shareContext,
  type Holdable,
} from './holding.ts'
import { LeakWatch } from './leak-watch.ts'
import { LostConnections } from './lost-connections.ts'
import type { ConnectionSource, GateNature } from './connection-source.ts'
import type { CheckoutLimits } from './limits.ts'
import type { PoolState } from './pool-state.ts'
import { openOne } from './open-one.ts'
import { Queue } from './queue.ts'
import { SiteBudget } from '../stack/stack-budget.ts'
import { ServerRefusal } from './reconnect-pause.ts'
import { RetryPlan } from './retry-plan.ts'
import { CallSites } from './call-sites.ts'
import { Measures, type PoolStatistics } from './statistics.ts'
import { troubleOf, type PoolTrouble } from './pool-trouble.ts'

/** As many flows may leave it uncertain whether they hold a connection, before contexts are not used twice any more. */
const mostUncertain = 3

/**
 * Stands before a pool that would let its callers wait for ever. Callers wait here, first come, first served; the pool
 * is asked only for connections that it can give. It knows no driver.
 */
export class Gate<Connection> {
  readonly limits: CheckoutLimits
  readonly sites: CallSites
  /** Open connections that were lost. */
  readonly losses: LostConnections<Connection>
  /** Of the pool, for its events. */
  name: string | undefined = undefined
  readonly #source: ConnectionSource<Connection>
  readonly #watcher: Watcher
  readonly #clock: Clock
  readonly #refusal: ServerRefusal
  readonly #expiry: Expiry<Connection>
  readonly #denials: Denials<Connection>
  readonly #leaks: LeakWatch<Connection>
  readonly #deadlocks: DeadlockWatch<Connection>
  readonly #retries: RetryPlan
  readonly #waiting = new Queue<Checkout<Connection>>()
  readonly #taking = new Queue<Checkout<Connection>>()
  readonly #held = new Queue<Checkout<Connection>>()
  readonly #measures = new Measures()
  /** Connections that the pool was asked for and whose callers have given up. */
  #abandoned = 0
  /** Idle connections that the pool was asked for and has not handed out yet. */
  #promised = 0
  /** Connections that were out before the gate stood here. */
  #foreign: number
  #order = 0
  #hasBeenFull: boolean
  #ended: Error | undefined
  #isPumping = false
  /** Contexts in which it was uncertain who holds a connection. */
  #uncertainFlows = 0
  readonly #chains = new SiteBudget()

  constructor(
    source: ConnectionSource<Connection>,
    limits: CheckoutLimits,
    watcher: Watcher,
    { clock, random }: GateNature = { clock: systemClock, random: Math.random },
  ) {
    this.#source = source
    this.limits = limits
    this.#watcher = watcher
    this.#clock = clock
    this.#refusal = new ServerRefusal(clock, random, limits.waitsForFirstAnswer || source.size > 0)
    this.#retries = new RetryPlan(clock, () => this.pump())
    this.#expiry = new Expiry({
      clock,
      limits,
      waiting: this.#waiting,
      taking: this.#taking,
      expire: this.#expire.bind(this),
    })
    this.sites = new CallSites(limits.callSites, watcher)
    this.losses = new LostConnections({ clock, watcher, sites: this.sites })
    this.#leaks = new LeakWatch({ clock, source, limits, watcher, sites: this.sites, held: this.#held })
    const survey = (waitedMillis = 0): PoolState => this.#survey(waitedMillis)
    const fail = this.#fail.bind(this)
    const told = { measures: this.#measures, refusal: this.#refusal, busy: this.#expiry.busy, limits }
    this.#denials = new Denials({ ...told, watcher, sites: this.sites, held: this.#held, survey, fail })
    this.#deadlocks = new DeadlockWatch({
      clock,
      source,
      watcher,
      sites: this.sites,
      held: this.#held,
      survey,
      refuse: fail,
    })
    // A call that nests two fills a pool of two by itself.
    this.#hasBeenFull = source.max <= 2
    this.#foreign = Number.isFinite(source.max) ? source.size - source.idle : 0
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
    handover: Handover<Connection>,
    entry: Entry,
    askedAt: number = this.#clock.now(),
    limitMillis: number = Infinity,
  ): Checkout<Connection> | Error {
    const origin = origins.getStore()
    const newest = newestHolding()
    const isUncertain = newest?.state === 'held' && isHeldBySomeFlow()
    if (isUncertain) this.noteUncertain(newest)
    const site = this.sites.of(origin, entry)
    const checkout = new Checkout(
      this.#order++,
      askedAt,
      handover,
      origin?.operation,
      site,
      isUncertain ? undefined : firstHeld(newest),
      isUncertain ? undefined : familyOf(newest),
      this,
    )
    checkout.isHurried = limitMillis < this.limits.acquireTimeoutMillis
    checkout.limitMillis = checkout.isHurried ? limitMillis : this.limits.acquireTimeoutMillis
    if (this.#waiting.size === 0 && this.canTake()) {
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
    this.#measures.counts.aborted++
    this.#fail(checkout, reason)
    this.pump()
  }

  /** The connection is back in the pool, or closed. {@link pump} then lets the next caller in. */
  giveBack(checkout: Checkout<Connection>): void {
    if (checkout.state !== 'held') return
    this.#held.remove(checkout)
    const heldMillis = checkout.end(this.#clock.now())
    this.#measures.uses.add(heldMillis)
    this.#leaks.ended(checkout, heldMillis)
    checkout.letGo()
    if (this.#watcher.hears('release'))
      this.#watcher.tell('release', { heldMillis, operation: checkout.operation, pool: this.name })
  }

  /** A connection that was out before the gate stood here came back. */
  giveBackForeign(): void {
    if (this.#foreign > 0) this.#foreign--
  }

  /** Lets callers in for as long as the pool has connections for them. */
  pump(): void {
    // The pool may call back at once, and its listeners may ask again.
    if (this.#isPumping) return
    this.#isPumping = true
    try {
      for (let next = this.#waiting.first; next !== undefined && this.canTake(); next = this.#waiting.first) {
        this.#unqueue(next)
        const thrown = this.#take(next)
        if (thrown !== undefined) next.handover(thrown.error, undefined, nothing)
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

  /** A BEGIN was answered: behind a pooler that is the second half of the wait. */
  poolerWaited(poolerWaitMillis: number, operation: string | undefined): void {
    this.#measures.poolerWaits.add(poolerWaitMillis)
    if (this.#watcher.hears('poolerWait'))
      this.#watcher.tell('poolerWait', { poolerWaitMillis, operation, pool: this.name })
  }

  /** What follows in the caller's context holds this connection, once it has come. */
  enter(checkout: Checkout<Connection>): void {
    this.follow(checkout)
    enterHolding(checkout, this.#uncertainFlows < mostUncertain && !this.#isStrict)
  }

  /** Decides if use after the release is looked for: calls have shared few connections, or the mode is strict. */
  follow(checkout: Checkout<Connection>): void {
    checkout.isFollowed = this.#hasBeenFull || this.#isStrict
  }

  /**
   * A call cannot tell whether its flow holds a connection. The first few are one flow's whose context others have
   * inherited. Where there are more, each connection gets a context of its own from now on.
   */
  noteUncertain({ owner }: Holdable): void {
    if (!shareContext()) return
    this.#uncertainFlows++
    if (owner instanceof Gate && owner !== this) owner.#uncertainFlows++
  }

  /**
   * Returns true where it is worth its price (3 µs) to remember who awaits a connection: in strict mode always,
   * otherwise 50 times a second.
   */
  mayTakeChain({ askedAt }: Checkout<Connection>): boolean {
    return this.#isStrict || this.#chains.allows(askedAt)
  }

  /** It is known now which of the connections that its context holds a waiting call waits inside. */
  place(checkout: Checkout<Connection>, inside: Holdable | undefined): void {
    if (checkout.inside === inside) return
    checkout.moveTo(inside)
    if (checkout.state === 'waiting') this.#deadlocks.suspect(checkout)
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
    const found = { leaks: this.#leaks.reported, deadlocks: this.#deadlocks.found, connectionsLost: this.losses.counts }
    return this.#measures.statistics({ max, size, idle, active: this.#active, waiting: this.#waitingNow }, found)
  }

  /** Who holds connections now, the longest first. */
  state(): PoolState {
    return this.#survey(0, this.#waitingNow)
  }

  /** What goes wrong now, and what went wrong in the last `recentMillis`. */
  trouble(recentMillis: number): PoolTrouble {
    const parts = {
      measures: this.#measures,
      deadlocks: this.#deadlocks,
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
    this.#abandoned++
    if (this.#refusal.isOn) this.#refusal.asked()
    return openOne(this.#source, (error) => {
      this.#abandoned--
      if (error === undefined) this.#refusal.over()
      else this.#connectFailed(error, false)
    }).finally(() => this.pump())
  }

  get #isStrict(): boolean {
    return this.#watcher.mode === 'strict'
  }

  get #active(): number {
    return this.#held.size + this.#foreign
  }

  /** Without a bound of its own the gate lets everyone in to the driver, and they wait there. */
  get #waitingNow(): number {
    return this.#waiting.size + (Number.isFinite(this.#source.max) ? 0 : this.#taking.size)
  }

  get #isFull(): boolean {
    const { max, size, idle } = this.#source
    // Those of them that were still being opened may never have come.
    if (this.#foreign > 0) this.#foreign = Math.min(this.#foreign, size - idle)
    return this.#taking.size + this.#abandoned + this.#active >= max
  }

  /** Whether a call that is next in the queue gets a connection now. */
  canTake(): boolean {
    if (this.#isFull) return false
    return !this.#refusal.isOn || this.#source.idle > this.#promised || this.#clock.now() >= this.#refusal.nextAt
  }

  /** @returns what the pool throws, as it does where its driver cannot make a client */
  #take(checkout: Checkout<Connection>): Thrown | undefined {
    checkout.state = 'taking'
    const isNew = this.#source.idle <= this.#promised
    if (!isNew) this.#promised++
    else if (this.#refusal.isOn) this.#refusal.asked()
    this.#taking.push(checkout)
    this.#expiry.expect(checkout, isNew)
    const thrown = checkout.takeFrom(this.#source, (error, connection, release) => {
      if (!isNew) this.#promised--
      if (connection === undefined) this.#failedToTake(checkout, error ?? new Error('the pool gave no connection'))
      else this.#taken(checkout, connection, release, isNew)
    })
    if (thrown === undefined) return undefined
    if (!isNew) this.#promised--
    this.#settle(checkout)
    checkout.state = 'over'
    this.#connectFailed(thrown.error, false)
    return thrown
  }

  #taken(checkout: Checkout<Connection>, connection: Connection, release: Release, isNew: boolean): void {
    if (isNew) this.#refusal.over()
    if (checkout.state !== 'taking') {
      this.#abandoned--
      this.#measures.counts.lateArrivals++
      this.#source.takeBack(connection, release)
      this.pump()
      return
    }
    this.#settle(checkout)
    checkout.state = 'held'
    checkout.heldSince = this.#clock.now()
    checkout.connection = connection
    this.#held.push(checkout)
    this.#measures.counts.acquired++
    const waitedMillis = checkout.heldSince - checkout.askedAt
    this.#measures.waits.add(waitedMillis)
    this.#leaks.started(checkout)
    if (this.#watcher.hears('acquire'))
      this.#watcher.tell('acquire', { waitedMillis, operation: checkout.operation, pool: this.name })
    if (this.#waiting.size > 0) this.pump()
    const { handover } = checkout
    checkout.handover = nothing
    handover(undefined, connection, release)
  }

  #failedToTake(checkout: Checkout<Connection>, error: Error): void {
    const isOver = checkout.state !== 'taking'
    if (isOver) this.#abandoned--
    else this.#settle(checkout)
    const isRetried = this.#connectFailed(error, !isOver)
    if (isRetried) {
      checkout.failure = error
      this.#await(checkout)
    } else if (!isOver) checkout.state = 'over'
    if (this.#failsFast) this.#denials.failFast([...this.#waiting])
    this.pump()
    // Last, as what is called may throw.
    if (!isOver && !isRetried) checkout.handover(error, undefined, nothing)
  }

  /** While the server refuses, waiting is worth it only where a connection is open, which may come free. */
  get #failsFast(): boolean {
    return this.#refusal.failsAtOnce(this.limits.failFast) && this.#source.size <= this.#connecting
  }

  get #connecting(): number {
    return Math.max(0, this.#taking.size + this.#abandoned - this.#promised)
  }

  /** @returns whether it is tried again for the same call */
  #connectFailed(error: Error, hasCaller: boolean): boolean {
    const failure = classifyFailure(error)
    this.#measures.counts.connectFailures++
    const mayHelp = this.#refusal.failed(error, failure)
    const isRetried = mayHelp && hasCaller && this.#ended === undefined && this.limits.acquireTimeoutMillis !== Infinity
    if (this.#watcher.hears('connectFailure')) {
      this.#watcher.tell('connectFailure', { error, failure, isRetried: isRetried && !this.#failsFast })
    }
    return isRetried
  }

  #enqueue(checkout: Checkout<Connection>): Checkout<Connection> | Error {
    const { maxWaiting } = this.limits
    this.#hasBeenFull = true
    if (this.#failsFast) return this.#denials.refuse(checkout)
    if (this.#waiting.size >= maxWaiting) return this.#denials.refuse(checkout, maxWaiting)
    this.#await(checkout)
    this.#deadlocks.suspect(checkout)
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
      this.#abandoned++
    }
    checkout.state = 'over'
    checkout.handover(error, undefined, nothing)
  }

  /** Fails whoever has waited too long. */
  #expire(due: readonly Checkout<Connection>[], now: number): void {
    if (due.length > 0) this.#denials.expire(due, now)
    this.pump()
  }

  /** The pool has answered, or the caller has given up. */
  #settle(checkout: Checkout<Connection>): void {
    this.#taking.remove(checkout)
    this.#expiry.settled(checkout)
  }

  /** @param waiting the call that is refused now is not in the queue any more */
  #survey(waitedMillis: number, waiting: number = Math.max(this.#waitingNow, 1)): PoolState {
    const { max, size, idle, inHook = 0 } = this.#source
    const survey = surveyHolders(this.#held, this.#source, this.#clock.now(), waitedMillis)
    return { max, size, idle, active: this.#active, connecting: this.#connecting, inHook, waiting, ...survey }
  }

  /** While the server refuses connections nobody may come back to let the next caller in. */
  #planRetry(): void {
    if (this.#refusal.isOn && this.#waiting.size > 0 && !this.#isFull) this.#retries.plan(this.#refusal.nextAt)
  }
}

/**
 * Of a checkout that has been handed over, which is kept small for as long as it is held; and of an error, with which
 * nothing comes.
 */
function nothing(): void {}
