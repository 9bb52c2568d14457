import type { Shape } from '../shape/shape.ts'
import { SiteBudget } from '../../stack/stack-budget.ts'

/** Nobody asks for lines of what was quiet for so long, or for an interval of reports where that is more. */
const leastQuietMillis = 60_000

/**
 * Decides which lines are taken of shapes that were slow: some 6 µs each, where the ordinary statement costs a
 * fortieth.
 */
export class SlowShapes {
  readonly #quietMillis: number
  readonly #slowAt = new WeakMap<Shape, number>()
  /** Of all of them together: after a stall of the server every shape was slow. */
  readonly #sites = new SiteBudget()

  constructor(intervalMillis: number) {
    this.#quietMillis = Math.max(leastQuietMillis, intervalMillis)
  }

  /** A statement of a shape was slow. @param now on the clock of `performance.now()`, as below */
  strike(shape: Shape, now: number): void {
    shape.isStruck = true
    this.#slowAt.set(shape, now)
  }

  /** Whether the line is taken of a statement of a shape that is struck, which ends here. */
  wantsSite(shape: Shape, now: number): boolean {
    const slowAt = this.#slowAt.get(shape) ?? -Infinity
    if (now - slowAt > this.#quietMillis) shape.isStruck = false
    return shape.isStruck && this.#sites.allows()
  }
}
