import { openRequest, SiteBudget, type Guard } from '@poolsafe/core'

/** Names that are remembered: models and what can be asked of them, raw queries included. */
const mostNames = 2000

/** Lines of one operation in one request that are taken ahead: as many as are counted by their lines. */
const mostInScope = 100

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
  readonly #guard: Guard
  readonly #byModel = new Map<string | undefined, Map<string, OperationName>>()
  readonly #inScopes = new WeakMap<object, Map<OperationName, number>>()
  readonly #budget = new SiteBudget()
  #count = 0

  constructor(guard: Guard) {
    this.#guard = guard
  }

  named(model: string | undefined, operation: string): OperationName {
    const known = this.#byModel.get(model)?.get(operation)
    return known ?? this.#remember(model, operation)
  }

  /**
   * Whether the line of a call is taken before it is known that anyone asks for it (some 10 µs): of the first call of its name, of
   * calls whose like was reported, and of what one request repeats.
   */
  wantsStack(operation: OperationName): boolean {
    const { observer } = this.#guard
    if (observer === undefined) return false
    if (this.#guard.mode === 'strict') return true
    const scope = openRequest()
    if (scope !== undefined && this.#isRepeated(scope, operation, observer.options.repeatedQueryLimit)) return true
    if (operation.isSeen && !operation.isStruck) return false
    operation.isSeen = true
    return this.#budget.allows()
  }

  /** Whether a request's scope is open, and watched. */
  get isInRequest(): boolean {
    return this.#guard.observer !== undefined && openRequest() !== undefined
  }

  /** From the second call in a scope on; not for ever, as what is repeated that often has been told. */
  #isRepeated(scope: object, operation: OperationName, limit: number): boolean {
    if (limit === Infinity) return false
    const counts = this.#inScopes.get(scope) ?? new Map<OperationName, number>()
    if (counts.size === 0) this.#inScopes.set(scope, counts)
    const count = (counts.get(operation) ?? 0) + 1
    counts.set(operation, count)
    return count > 1 && count <= Math.max(mostInScope, 2 * limit)
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
