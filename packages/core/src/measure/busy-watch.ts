import type { Clock } from './clock.ts'

/** How often a watch looks. */
const tickMillis = 100
/** A tick that comes later by so much was kept waiting by the process itself. */
const lateMillis = 100
/** How long the next of the answers that have arrived meanwhile may take to be read, at most. */
const longestGraceMillis = 250
/** Stretches that are remembered: more than fit into the longest usual wait. */
const mostStretches = 200

/** A time in which the event loop was blocked, or the process was suspended. */
interface Stretch {
  readonly from: number
  readonly until: number
}

/**
 * Notices that this process did nothing but compute, or was stopped: its own ticks come late then. Answers of the
 * server have arrived meanwhile, and nobody has read them. It ticks only while somebody waits.
 */
export class BusyWatch {
  readonly #clock: Clock
  readonly #isWanted: () => boolean
  readonly #stretches: Stretch[] = []
  /** When the next tick is due; `Infinity` while nobody waits. */
  #dueAt = Infinity
  #servedAt = 0

  /** @param isWanted whether anybody waits still */
  constructor(clock: Clock, isWanted: () => boolean) {
    this.#clock = clock
    this.#isWanted = isWanted
  }

  /** Somebody waits. */
  start(): void {
    if (this.#dueAt === Infinity) this.#plan(this.#clock.now())
  }

  /** For how long the process was busy in that time, in stretches of 100 ms and more. */
  busyMillis(since: number, until: number): number {
    this.#look(until)
    return this.#stretches.reduce(
      (sum, stretch) => sum + Math.max(0, Math.min(stretch.until, until) - Math.max(stretch.from, since)),
      0,
    )
  }

  /** A call is served, while others wait behind it. */
  served(now: number): void {
    this.#servedAt = now
  }

  /**
   * Until when calls may wait beyond their limit, because answers that arrived while the process was busy are served
   * first: as long as one call after the other is served, but for no longer than the process was busy. 0 where it was
   * not busy lately.
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
      if (this.#isWanted()) this.#plan(then)
    })
  }

  /** Other timers may run before a tick that is late. */
  #look(now: number): void {
    if (now - this.#dueAt < lateMillis) return
    const last = this.#stretches.at(-1)
    const from = last === undefined ? this.#dueAt : Math.max(last.until, this.#dueAt)
    if (now - from < lateMillis) return
    this.#stretches.push({ from, until: now })
    if (this.#stretches.length > mostStretches) this.#stretches.shift()
  }
}
