import type { Clock } from './clock.ts'

/** Interval of the ticks. */
const tickMillis = 100
/** A tick that is late by this much was delayed by the process itself. */
const lateMillis = 100
/** Maximum time until the next buffered answer is read. */
const longestGraceMillis = 250
/** Number of remembered intervals: more than fit into the longest usual wait. */
const mostStretches = 200

/** A time in which the event loop was blocked, or the process was suspended. */
interface Stretch {
  readonly from: number
  readonly until: number
}

/**
 * Detects a blocked event loop or a suspended process: ticks come late, while answers of the server have arrived
 * unread. It only ticks while calls wait.
 */
export class BusyWatch {
  readonly #clock: Clock
  readonly #isWanted: () => boolean
  readonly #onTick: () => void
  readonly #stretches: Stretch[] = []
  /** When the next tick is due; `Infinity` while no call waits. */
  #dueAt = Infinity
  #servedAt = 0

  /**
   * @param isWanted returns true while calls wait
   * @param onTick called every 100 ms while calls wait
   */
  constructor(clock: Clock, isWanted: () => boolean, onTick: () => void = () => {}) {
    this.#clock = clock
    this.#isWanted = isWanted
    this.#onTick = onTick
  }

  /** Call it when a call starts to wait. */
  start(): void {
    if (this.#dueAt === Infinity) this.#plan(this.#clock.now())
  }

  /** Returns how long the process was busy in that time, in intervals of at least 100 ms. */
  busyMillis(since: number, until: number): number {
    this.#look(until)
    return this.#stretches.reduce(
      (sum, stretch) => sum + Math.max(0, Math.min(stretch.until, until) - Math.max(stretch.from, since)),
      0,
    )
  }

  /** Call it when a call is served while others wait. */
  served(now: number): void {
    this.#servedAt = now
  }

  /**
   * Returns until when calls may wait beyond their limit, so that answers that arrived while the process was busy are
   * served first. It ends when calls are no longer served one after the other, and at the latest after the time that
   * the process was busy. 0 if it was not busy recently.
   */
  graceUntil(now: number): number {
    this.#look(now)
    return this.#stretches.reduce((latest, stretch) => Math.max(latest, this.#graceAfter(stretch)), 0)
  }

  #graceAfter({ from, until }: Stretch): number {
    const busyMillis = until - from
    const grace = Math.min(busyMillis, longestGraceMillis)
    return Math.min(Math.max(until, this.#servedAt) + grace, until + busyMillis)
  }

  #plan(now: number): void {
    this.#dueAt = now + tickMillis
    this.#clock.after(tickMillis, () => {
      const then = this.#clock.now()
      this.#look(then)
      this.#dueAt = Infinity
      this.#onTick()
      if (this.#isWanted()) this.#plan(then)
    })
  }

  /** Other timers may run before a late tick. */
  #look(now: number): void {
    if (now - this.#dueAt < lateMillis) return
    const last = this.#stretches.at(-1)
    const from = last === undefined ? this.#dueAt : Math.max(last.until, this.#dueAt)
    if (now - from < lateMillis) return
    this.#stretches.push({ from, until: now })
    if (this.#stretches.length > mostStretches) this.#stretches.shift()
  }
}
