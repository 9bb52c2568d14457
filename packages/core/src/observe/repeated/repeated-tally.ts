import type { Execution } from '../execution.ts'
import type { RepeatedLog } from './repeated-log.ts'
import { Repetition, type FoundRepetition } from './repetition.ts'
import type { RequestScope } from './request-scope.ts'
import type { Shape } from '../shape/shape.ts'

/** Shapes that are counted in one scope. */
export const mostShapes = 256

const onItsWay = -1

/** What one request scope sent, for whoever counts it. */
export class RepeatedTally {
  readonly scope: RequestScope
  readonly log: RepeatedLog
  /**
   * Of a shape that came once, how long it took, or that it is on its way: nothing is made for what is not repeated.
   */
  readonly #sent = new Map<Shape, number | Repetition>()
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
    const { limits } = this.log
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
    // Its line was taken for another reason: it is worth keeping.
    else if (execution.site !== undefined) this.#repeat(shape, onItsWay).end(execution, millis)
    else this.#sent.set(shape, millis)
  }

  /** Counts nothing from now on. @returns what was repeated */
  close(): FoundRepetition[] {
    this.isClosed = true
    const found = [...this.#sent.values()].flatMap((sent) => (typeof sent === 'object' ? sent.found() : []))
    this.#sent.clear()
    return found
  }

  #repeat(shape: Shape, first: number | undefined): Repetition {
    const repetition = new Repetition(shape, this.log.limits)
    if (first !== undefined) repetition.begin()
    if (first !== undefined && first !== onItsWay) repetition.endUnseen(first)
    this.#sent.set(shape, repetition)
    return repetition
  }
}
