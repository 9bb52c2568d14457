import type { Execution } from './execution.ts'
import type { RepeatedLog } from './repeated-log.ts'
import { Repetition, type FoundRepetition } from './repetition.ts'
import type { RequestScope } from './request-scope.ts'
import type { Shape } from './shape.ts'

/** Shapes that are counted in one scope. */
export const mostShapes = 256

/** What one request scope sent, for whoever counts it. */
export class RepeatedTally {
  readonly scope: RequestScope
  readonly log: RepeatedLog
  readonly #repetitions = new Map<string, Repetition>()
  /** The scope is over, or was cut off. */
  isClosed = false
  /** More shapes were sent than are counted. */
  isFull = false

  constructor(scope: RequestScope, log: RepeatedLog) {
    this.scope = scope
    this.log = log
  }

  /** A statement is about to be sent. @returns whether its line is wanted */
  begin(shape: Shape): boolean {
    if (this.isClosed || this.log.limits.limit === Infinity) return false
    const known = this.#repetitions.get(shape.fingerprint)
    if (known !== undefined) return known.begin()
    if (this.#repetitions.size >= mostShapes) {
      this.isFull = true
      return false
    }
    const repetition = new Repetition(shape, this.log.limits)
    this.#repetitions.set(shape.fingerprint, repetition)
    return repetition.begin()
  }

  end(execution: Execution, millis: number): void {
    if (!this.isClosed) this.#repetitions.get(execution.shape.fingerprint)?.end(execution, millis)
  }

  /** Counts nothing from now on. @returns what was repeated */
  close(): FoundRepetition[] {
    this.isClosed = true
    const found = [...this.#repetitions.values()].flatMap((repetition) => repetition.found())
    this.#repetitions.clear()
    return found
  }
}
