import { performance } from '../measure/real-time.ts'

/**
 * How much time has passed, by whichever clock says more. A suspended process may find that one of them stood still:
 * the monotonic clock of Linux does not count the sleep of the machine, and the wall clock may be set back.
 */
export class LeaseClock {
  #monotonic = 0
  #wall = 0

  constructor() {
    this.restart()
  }

  restart(): void {
    this.#monotonic = performance.now()
    this.#wall = Date.now()
  }

  get elapsedMillis(): number {
    return Math.max(performance.now() - this.#monotonic, Date.now() - this.#wall)
  }
}
