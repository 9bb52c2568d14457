import type { Activity, ConnectionSource, Handover } from '@poolsafe/core/internal'
import type { Random } from './random.ts'
import type { VirtualClock } from '../../support/virtual-clock.ts'

/** A connection of the model. */
export interface ModelConnection {
  readonly id: number
  isHeld: boolean
  isDead: boolean
  sent: number
  activity: Activity
}

/** How the model's server answers who wants to connect. */
export type Weather = 'fine' | 'refuses' | 'hangs' | 'wrongPassword'

/** Errors as pg has them. */
const answers: { readonly [Bad in Exclude<Weather, 'fine' | 'hangs'>]: object } = {
  refuses: { code: 'ECONNREFUSED' },
  wrongPassword: { code: '28P01' },
}

/**
 * A pool as pg-pool is one, with time and server of its own: idle connections are handed out a moment later, new ones
 * when they are connected, and those that died are closed when they come back.
 */
export class ModelPool implements ConnectionSource<ModelConnection> {
  readonly max: number
  weather: Weather = 'fine'
  readonly #clock: VirtualClock
  readonly #random: Random
  readonly #idle: ModelConnection[] = []
  /** Attempts to connect that wait for better weather. */
  readonly #hanging: (() => void)[] = []
  #size = 0
  #made = 0
  isEnded = false
  /** How often a connection was acquired while another caller held it. */
  doublyUsed = 0

  constructor(max: number, clock: VirtualClock, random: Random) {
    this.max = max
    this.#clock = clock
    this.#random = random
  }

  get size(): number {
    return this.#size
  }

  get idle(): number {
    return this.#idle.length
  }

  take(done: Handover<ModelConnection>): void {
    if (this.isEnded) return done(new Error('ended'), undefined, () => {})
    if (this.#idle.length > 0) this.#clock.after(0, () => this.#takeIdle(done))
    else this.#connect(done)
  }

  takeBack(connection: ModelConnection): void {
    this.release(connection)
  }

  activityOf(connection: ModelConnection): Activity {
    return connection.activity
  }

  activityMark(connection: ModelConnection): unknown {
    return connection.sent
  }

  /** As `client.release()`: what died is closed. */
  release(connection: ModelConnection): void {
    if (!connection.isHeld) this.doublyUsed++
    connection.isHeld = false
    if (connection.isDead || this.isEnded) this.#size--
    else this.#idle.push(connection)
  }

  /** Idle connections die with their server, and the pool hears of it. */
  killIdle(): void {
    if (this.#idle.pop() !== undefined) this.#size--
  }

  clearUp(): void {
    this.weather = 'fine'
    for (const connect of this.#hanging.splice(0)) connect()
  }

  #takeIdle(done: Handover<ModelConnection>): void {
    const connection = this.#idle.pop()
    if (connection === undefined) this.#connect(done)
    else this.#hand(connection, done)
  }

  #connect(done: Handover<ModelConnection>): void {
    this.#size++
    const attempt = (): void => void this.#clock.after(this.#random.below(20), () => this.#answer(done, attempt))
    attempt()
  }

  #answer(done: Handover<ModelConnection>, attempt: () => void): void {
    if (this.weather === 'hangs') {
      this.#hanging.push(attempt)
      return
    }
    if (this.weather === 'fine') {
      this.#hand({ id: this.#made++, isHeld: false, isDead: false, sent: 0, activity: 'idle' }, done)
      return
    }
    this.#size--
    done(Object.assign(new Error('no'), answers[this.weather]), undefined, () => {})
  }

  #hand(connection: ModelConnection, done: Handover<ModelConnection>): void {
    if (connection.isHeld) this.doublyUsed++
    connection.isHeld = true
    done(undefined, connection, () => this.release(connection))
  }
}
