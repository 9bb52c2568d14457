import type { Clock } from '../measure/clock.ts'
import type { ConnectionSource } from './connection-source.ts'
import type { ServerRefusal } from './reconnect-pause.ts'

interface Counted {
  readonly size: number
}

/**
 * Computes how many connections a pool can still provide. The pool counts connections; this class counts the calls that
 * they are for.
 */
export class Capacity {
  /** Connections that the pool was asked for but whose callers have given up. */
  abandoned = 0
  readonly #source: Pick<ConnectionSource<unknown>, 'max' | 'size' | 'idle' | 'mustWait'>
  /** Calls for which the pool was asked for a connection. */
  readonly #taking: Counted
  /** Calls that hold a connection. */
  readonly #held: Counted
  readonly #refusal: ServerRefusal
  readonly #clock: Clock
  /** Idle connections that the pool was asked for but has not handed over yet. */
  #promised = 0
  /** Connections that were checked out before the gate was installed. */
  #foreign: number

  constructor(
    source: Pick<ConnectionSource<unknown>, 'max' | 'size' | 'idle' | 'mustWait'>,
    { taking, held }: { readonly taking: Counted; readonly held: Counted },
    refusal: ServerRefusal,
    clock: Clock,
  ) {
    this.#source = source
    this.#taking = taking
    this.#held = held
    this.#refusal = refusal
    this.#clock = clock
    this.#foreign = Number.isFinite(source.max) ? source.size - source.idle : 0
  }

  /** Connections that the application holds. */
  get active(): number {
    return this.#held.size + this.#foreign
  }

  /** Connections that are being opened. */
  get connecting(): number {
    return Math.max(0, this.#taking.size + this.abandoned - this.#promised)
  }

  get isFull(): boolean {
    const source = this.#source
    // Some of them may never have arrived: the pool was still opening them.
    if (this.#foreign > 0) this.#foreign = Math.min(this.#foreign, source.size - source.idle)
    return this.#taking.size + this.abandoned + this.active >= source.max
  }

  /** Returns true if an idle connection is not promised to a call yet. */
  get hasIdle(): boolean {
    return this.#source.idle > this.#promised
  }

  /** Returns true if the next call in the queue can acquire a connection now. */
  canTake(): boolean {
    const { mustWait } = this.#source
    if (mustWait !== undefined) return !mustWait
    // An idle connection serves a caller even if the application has lowered the size of the pool.
    if (this.hasIdle) return true
    if (this.isFull) return false
    return !this.#refusal.isOn || this.#clock.now() >= this.#refusal.nextAt
  }

  /**
   * Notes that the pool is about to be asked.
   *
   * @returns true if it has to open a connection
   */
  ask(): boolean {
    const isNew = !this.hasIdle
    if (!isNew) this.#promised++
    else if (this.#refusal.isOn) this.#refusal.asked()
    return isNew
  }

  /**
   * Notes that the pool has answered.
   *
   * @param isNew what {@link ask} returned
   */
  answered(isNew: boolean): void {
    if (!isNew) this.#promised--
  }

  /** Notes the release of a connection that was checked out before the gate was installed. */
  giveBackForeign(): void {
    if (this.#foreign > 0) this.#foreign--
  }
}
