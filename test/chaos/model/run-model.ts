import { AcquireTimeoutError, createGuard, ServerRefusesError, type FailFast } from '@poolsafe/core'
import { engineOf } from '@poolsafe/core/adapter'
import { Gate, resolveLimits, type Checkout } from '@poolsafe/core/internal'
import { ModelPool, type ModelConnection, type Weather } from './model-pool.ts'
import { Random } from './random.ts'
import { VirtualClock } from '../../support/virtual-clock.ts'

/** The result of a run, and every way in which it went wrong. */
export interface ModelRun {
  readonly acquires: number
  readonly served: number
  readonly timedOut: number
  readonly aborted: number
  readonly queueFull: number
  /** Calls that failed at once, or before their limit, while the server refused. */
  readonly failedFast: number
  /** Calls whose callers waited for less than the pool's limit, and have gone. */
  readonly gone: number
  readonly connectFailures: number
  readonly lateArrivals: number
  readonly leaksReported: number
  readonly kills: number
  readonly ends: number
  readonly faults: readonly string[]
}

const acquireTimeoutMillis = 1000
/** The pauses between attempts are broken numbers. */
const roundingMillis = 1e-6

interface Call {
  readonly order: number
  readonly askedAt: number
  readonly limitMillis: number
  checkout: Checkout<ModelConnection> | undefined
  connection: ModelConnection | undefined
  isSettled: boolean
}

type Counts = { -readonly [Name in Exclude<keyof ModelRun, 'faults'>]: ModelRun[Name] }

/**
 * One pool from its beginning to its end, driven by chance. After each step no caller may wait that could be served, no
 * connection may have two holders, and no caller may have waited for longer than the limit. At the end every connection
 * must be released.
 */
export class Model {
  readonly faults: string[] = []
  readonly counts: Counts
  readonly #random: Random
  readonly #clock = new VirtualClock()
  readonly #pool: ModelPool
  readonly #gate: Gate<ModelConnection>
  #waiting: Call[] = []
  #holding: Call[] = []
  #lastServed = -1
  #hadBadWeather = false

  constructor(random: Random, counts: Counts) {
    this.#random = random
    this.counts = counts
    this.#pool = new ModelPool(1 + random.below(8), this.#clock, random)
    const guard = createGuard({ logger: { warn: () => {} } })
    const limits = resolveLimits('the model', {
      acquireTimeoutMillis,
      failFast: random.pick<FailFast>(['never', 'never', 'whileRefusing', { afterMillis: 200 }]) ?? 'never',
      maxWaiting: random.chance(0.5) ? Infinity : random.below(20),
      leakDetectionMillis: random.chance(0.5) ? Infinity : 500,
    })
    this.#gate = new Gate(this.#pool, limits, engineOf(guard), { clock: this.#clock, random: () => random.next() })
  }

  run(steps: number): void {
    for (let step = 0; step < steps && this.faults.length === 0; step++) {
      this.#step()
      this.#check(`step ${step}`)
    }
    this.#finish()
  }

  #step(): void {
    const dice = this.#random.below(1000)
    if (dice < 380) this.#acquire()
    else if (dice < 740) this.#release()
    else if (dice < 790) this.#abort()
    else if (dice < 820) this.#kill()
    else if (dice < 835) this.#changeWeather()
    else this.#clock.pass(this.#random.chance(0.1) ? this.#random.below(1500) : this.#random.below(10))
  }

  #acquire(): void {
    const call: Call = {
      order: this.counts.acquires++,
      askedAt: this.#clock.now(),
      limitMillis: this.#random.chance(0.2) ? 50 + this.#random.below(900) : acquireTimeoutMillis,
      checkout: undefined,
      connection: undefined,
      isSettled: false,
    }
    const receive = (error: Error | undefined, connection: ModelConnection | undefined): void =>
      this.#settle(call, error, connection)
    const answer = this.#gate.acquire({ receive }, runModel, call.askedAt, call.limitMillis)
    if (answer instanceof Error) {
      if (answer instanceof ServerRefusesError) this.#failFast()
      else this.counts.queueFull++
      return
    }
    call.checkout = answer
    if (!call.isSettled) this.#waiting.push(call)
  }

  #settle(call: Call, error: Error | undefined, connection: ModelConnection | undefined): void {
    if (call.isSettled) this.#fault('a call was answered twice')
    call.isSettled = true
    this.#waiting = this.#waiting.filter((other) => other !== call)
    if (this.#clock.now() > call.askedAt + call.limitMillis + roundingMillis)
      this.#fault('a call was answered after its limit')
    if (error instanceof AcquireTimeoutError) {
      this.counts.timedOut++
      if (error.limitMillis < acquireTimeoutMillis) this.counts.gone++
    }
    if (error instanceof ServerRefusesError) this.#failFast()
    if (connection === undefined) return
    if (this.#holding.some((other) => other.connection === connection)) this.#fault('a connection has two users')
    this.counts.served++
    call.connection = connection
    this.#holding.push(call)
    this.#checkOrder(call)
  }

  /** A caller that may get a released connection must wait for it. */
  #failFast(): void {
    this.counts.failedFast++
    if (this.#pool.weather === 'fine' && !this.#hadBadWeather) this.#fault('a call failed fast in fine weather')
    if (this.#holding.length > 0 || this.#pool.idle > 0) this.#fault('a call failed fast while a connection was open')
  }

  /**
   * First come, first served; connections that are being made arrive as they please, so that is only for those that
   * come back.
   */
  #checkOrder(call: Call): void {
    if (this.#pool.max === 1 && !this.#hadBadWeather && call.order < this.#lastServed)
      this.#fault('a later call was served first')
    this.#lastServed = call.order
  }

  #release(): void {
    const call = this.#random.pick(this.#holding)
    if (call !== undefined) this.#giveBack(call)
  }

  #giveBack(call: Call): void {
    this.#holding = this.#holding.filter((other) => other !== call)
    this.#pool.release(call.connection as ModelConnection)
    this.#gate.giveBack(call.checkout as Checkout<ModelConnection>)
    this.#gate.pump()
  }

  #abort(): void {
    const call = this.#random.pick(this.#waiting)
    if (call?.checkout === undefined) return
    this.counts.aborted++
    this.#gate.abort(call.checkout, new Error('aborted'))
    if (!call.isSettled) this.#fault('an aborted call was not answered')
  }

  #kill(): void {
    this.counts.kills++
    const call = this.#random.pick(this.#holding)
    if (call?.connection !== undefined && this.#random.chance(0.7)) call.connection.isDead = true
    else this.#pool.killIdle()
  }

  #changeWeather(): void {
    const kinds: readonly Weather[] = ['fine', 'fine', 'refuses', 'hangs', 'wrongPassword']
    this.#pool.clearUp()
    this.#pool.weather = this.#random.pick(kinds) ?? 'fine'
    if (this.#pool.weather !== 'fine') this.#hadBadWeather = true
  }

  #check(where: string): void {
    const { max, idle } = this.#pool
    // A connection that the pool was asked for is on its way when its moment is over.
    this.#clock.pass(0)
    const { waiting, active } = this.#gate.statistics()
    const taking = this.#waiting.length - waiting
    if (this.#pool.doublyUsed > 0) this.#fault(`${where}: the pool handed out what was in use`)
    if (active !== this.#holding.length) this.#fault(`${where}: ${active} active, ${this.#holding.length} held`)
    if (active > max) this.#fault(`${where}: more connections are out than there are`)
    const isFree = active + taking + this.#abandoned < max
    if (waiting > 0 && isFree && idle > 0 && this.#pool.idle > 0)
      this.#fault(`${where}: ${waiting} wait while ${idle} are idle`)
    if (waiting > 0 && isFree && !this.#hadBadWeather)
      this.#fault(`${where}: ${waiting} wait while there is room for more connections`)
  }

  /**
   * Connections without a caller: the pool has them open or is opening them, and they are neither idle nor held nor
   * awaited.
   */
  get #abandoned(): number {
    return this.#pool.size - this.#pool.idle - this.#holding.length - (this.#waiting.length - this.#gate.waitingCount)
  }

  /**
   * Without faults and with enough time, every call must get an answer or an error, and every connection is released.
   */
  #finish(): void {
    this.#pool.clearUp()
    if (this.#random.chance(0.3)) this.#end()
    for (let round = 0; round < 200 && (this.#waiting.length > 0 || this.#holding.length > 0); round++) {
      for (const call of this.#holding) this.#giveBack(call)
      this.#clock.pass(20)
    }
    // No longer than it takes to connect: whatever is left after that is lost.
    this.#clock.pass(2 * acquireTimeoutMillis)
    const { active, waiting, lateArrivals, leaks, connectFailures } = this.#gate.statistics()
    if (this.#waiting.length > 0) this.#fault(`${this.#waiting.length} calls were never answered`)
    if (active > 0 || waiting > 0) this.#fault(`at the end ${active} active, ${waiting} waiting`)
    if (this.#pool.size !== this.#pool.idle && !this.#pool.isEnded) this.#fault('a connection did not come back')
    this.counts.lateArrivals += lateArrivals
    this.counts.leaksReported += leaks
    this.counts.connectFailures += connectFailures
  }

  #end(): void {
    this.counts.ends++
    this.#pool.isEnded = true
    this.#gate.end(new Error('ended'))
    if (this.#gate.waitingCount > 0) this.#fault('somebody waits at a pool that has ended')
  }

  #fault(what: string): void {
    this.faults.push(what)
  }
}

/**
 * Runs pool after pool until so many steps have been taken.
 *
 * @param seed of the first; a pool with a fault tells its own
 */
export function runModel(steps: number, seed: number): ModelRun {
  const counts: Counts = {
    acquires: 0,
    served: 0,
    timedOut: 0,
    aborted: 0,
    queueFull: 0,
    failedFast: 0,
    gone: 0,
    connectFailures: 0,
    lateArrivals: 0,
    leaksReported: 0,
    kills: 0,
    ends: 0,
  }
  const stepsEach = 250
  const faults: string[] = []
  for (let number = 0; number < steps / stepsEach; number++) {
    const model = new Model(new Random(seed + number), counts)
    model.run(stepsEach)
    faults.push(...model.faults.map((fault) => `seed ${seed + number}: ${fault}`))
  }
  return { ...counts, faults }
}
