import type { Shape } from '../shape/shape.ts'
import { SiteBudget } from '../../stack/stack-budget.ts'

/**
 * A shape that was not slow for this time (or for one log interval, if that is longer) needs no call sites any more.
 */
const leastQuietMillis = 60_000

/**
 * Decides for which slow shapes call sites are captured. A capture costs about 6 µs, forty times an ordinary statement.
 */
export class SlowShapes {
  readonly #quietMillis: number
  readonly #slowAt = new WeakMap<Shape, number>()
  /** The budget of all shapes together: after a stall of the server every shape was slow. */
  readonly #sites = new SiteBudget()

  constructor(intervalMillis: number) {
    this.#quietMillis = Math.max(leastQuietMillis, intervalMillis)
  }

  /** Call it for a slow statement of a shape. @param now from `performance.now()`, as below */
  strike(shape: Shape, now: number): void {
    shape.isStruck = true
    this.#slowAt.set(shape, now)
  }

  /** Returns true if the call site of a statement of a watched shape is captured. This ends the watch. */
  wantsSite(shape: Shape, now: number): boolean {
    const slowAt = this.#slowAt.get(shape) ?? -Infinity
    if (now - slowAt > this.#quietMillis) shape.isStruck = false
    return shape.isStruck && this.#sites.allows()
  }
}
