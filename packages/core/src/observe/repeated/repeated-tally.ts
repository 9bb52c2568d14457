import type { Execution, RequestLog, RequestTally } from '../execution.ts'
import { Repetition, type FoundRepetition, type RepetitionLimits } from './repetition.ts'
import type { RequestScope } from './request-scope.ts'
import type { Shape } from '../shape/shape.ts'

/** The most shapes that are counted in one request scope. */
export const mostShapes = 256

/** In the place of a duration: the shape was sent once and has not been answered. */
const onItsWay = -1

/** Counts the statements of one request scope for one log. */
export class RepeatedTally implements RequestTally {
  readonly scope: RequestScope
  readonly log: RequestLog
  readonly #limits: RepetitionLimits
  /**
   * A shape that was sent once maps to its duration, or to `onItsWay` while it runs. A `Repetition` is allocated only
   * when the shape repeats.
   */
  readonly #sent = new Map<Shape, number | Repetition>()
  /** The scope is over, or was cut off. */
  isClosed = false
  /** More shapes were sent than are counted. */
  isFull = false

  constructor(scope: RequestScope, log: RequestLog, limits: RepetitionLimits) {
    this.scope = scope
    this.log = log
    this.#limits = limits
  }

  /** A statement is about to be sent. Returns true if its call site is wanted. */
  begin(shape: Shape): boolean {
    const limits = this.#limits
    if (this.isClosed || limits.limit === Infinity) return false
    const known = this.#sent.get(shape)
    if (known === undefined && this.#sent.size >= mostShapes) {
      this.isFull = true
      return false
    }
    if (known === undefined && !limits.takesFirst && !shape.wasRepeated) {
      this.#sent.set(shape, onItsWay)
      return false
    }
    return (typeof known === 'object' ? known : this.#repeat(shape, known)).begin()
  }

  end(execution: Execution, millis: number): void {
    if (this.isClosed) return
    const { shape } = execution
    const known = this.#sent.get(shape)
    if (known === undefined) return
    if (typeof known === 'object') known.end(execution, millis)
    // Its call site was captured for another reason and is worth keeping.
    else if (execution.site !== undefined) this.#repeat(shape, onItsWay).end(execution, millis)
    else this.#sent.set(shape, millis)
  }

  /** Stops counting and returns the repetitions. */
  close(): FoundRepetition[] {
    this.isClosed = true
    const found = [...this.#sent.values()].flatMap((sent) => (typeof sent === 'object' ? sent.found() : []))
    this.#sent.clear()
    return found
  }

  #repeat(shape: Shape, first: number | undefined): Repetition {
    const repetition = new Repetition(shape, this.#limits)
    if (first !== undefined) repetition.begin()
    if (first !== undefined && first !== onItsWay) repetition.endUnseen(first)
    this.#sent.set(shape, repetition)
    return repetition
  }
}
