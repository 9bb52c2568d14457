import { openRequest, SiteBudget, type Engine } from '@poolsafe/core/adapter'

/** Names that are remembered: models and what can be asked of them, raw queries included. */
const mostNames = 2000

/** Prisma's name for a call, with what decides whether its next caller's line is worth taking. */
export class OperationName {
  /** `User.findMany` */
  readonly name: string
  isSeen = false
  /** One of its statements was reported. */
  isStruck = false

  constructor(name: string) {
    this.name = name
  }
}

/** The names of one client's operations: none is put together twice. */
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
   * Whether the line of a call is taken before it is known that anyone asks for it (some 10 µs): of the first call of
   * its name, and of calls whose like was reported. What a request repeats is asked for while it runs, and taken when
   * it is over.
   */
  wantsStack(operation: OperationName): boolean {
    if (this.#guard.observer === undefined) return false
    if (this.#guard.mode === 'strict') return true
    if (operation.isSeen && !operation.isStruck) return false
    operation.isSeen = true
    return this.#budget.allows()
  }

  /** Whether a request's scope is open, and watched. */
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
