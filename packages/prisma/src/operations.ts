import type { Engine } from '@poolsafe/core/adapter'
import { openRequest, SiteBudget } from '@poolsafe/core/internal'

/** The number of names that are kept: operations of models, and raw queries. */
const mostNames = 2000

/** Prisma's name for a call, with the facts that decide whether the next call site is worth taking. */
export class OperationName {
  /** `User.findMany` */
  readonly name: string
  isSeen = false
  /** True if one of its statements was reported. */
  isStruck = false

  constructor(name: string) {
    this.name = name
  }
}

/** Caches the names of one client's operations. */
export class Operations {
  readonly #guard: Engine
  readonly #byModel = new Map<string | undefined, Map<string, OperationName>>()
  readonly #budget = new SiteBudget()
  #count = 0

  constructor(guard: Engine) {
    this.#guard = guard
  }

  named(model: string | undefined, operation: string): OperationName {
    const known = this.#byModel.get(model)?.get(operation)
    return known ?? this.#remember(model, operation)
  }

  /**
   * Returns true if the call site must be taken before a report needs it (about 10 µs): for the first call of a name,
   * and for calls whose statements were reported before. The call site of a statement that a request repeats is
   * requested while the call runs, and taken at its end.
   */
  wantsStack(operation: OperationName): boolean {
    if (this.#guard.observer === undefined) return false
    if (this.#guard.mode === 'strict') return true
    if (operation.isSeen && !operation.isStruck) return false
    operation.isSeen = true
    return this.#budget.allows()
  }

  /** Returns true inside a request scope that is observed. */
  get isInRequest(): boolean {
    return this.#guard.observer !== undefined && openRequest() !== undefined
  }

  #remember(model: string | undefined, operation: string): OperationName {
    const named = new OperationName(model === undefined ? operation : `${model}.${operation}`)
    if (this.#count >= mostNames) return named
    this.#count++
    const ofModel = this.#byModel.get(model) ?? new Map<string, OperationName>()
    this.#byModel.set(model, ofModel.set(operation, named))
    return named
  }
}
