import type { Execution } from './execution.ts'
import type { QueryEvent } from './events.ts'
import type { ResolvedObserveOptions } from './options.ts'

/** Logs statements that took too long. */
export class SlowLog {
  /** The lowest of all limits, in milliseconds: what is quicker is slow for nobody. */
  readonly leastMillis: number
  readonly #options: ResolvedObserveOptions

  constructor(options: ResolvedObserveOptions) {
    this.#options = options
    this.leastMillis = Math.min(options.slowQueryMillis, ...options.slowQueryThresholds.map((each) => each.slowQueryMillis))
  }

  /** A statement took longer than the lowest limit. */
  consider(_execution: Execution, _describe: () => QueryEvent, _millis: number): void {
    void this.#options
  }
}
