import { AsyncLocalStorage } from 'node:async_hooks'
import { shared } from './shared.ts'

/** The data that poolsafe keeps in an asynchronous context. Each part has its own module, which knows its type. */
export interface Context<Holding = unknown, Acquiring = unknown> {
  readonly holding: Holding | undefined
  readonly acquiring: Acquiring | undefined
}

/**
 * One store for all parts: entering a store costs 0.15 µs. `AsyncLocalStorage.run` enters twice, the second time to
 * leave. Process-wide because a call may go through several copies of this package.
 */
export const contexts: AsyncLocalStorage<Context> = shared('contexts', () => new AsyncLocalStorage<Context>())

/** One part of the context. It is entered and left like an `AsyncLocalStorage`, and the other part stays as it is. */
export class ContextPart<Value> {
  readonly #name: keyof Context

  constructor(name: keyof Context) {
    this.#name = name
  }

  getStore(): Value | undefined {
    return contexts.getStore()?.[this.#name] as Value | undefined
  }

  enterWith(value: Value | undefined): void {
    const around = contexts.getStore()
    contexts.enterWith(
      this.#name === 'holding'
        ? { holding: value, acquiring: around?.acquiring }
        : { holding: around?.holding, acquiring: value },
    )
  }

  run<Args extends unknown[], Result>(
    value: Value | undefined,
    work: (...args: Args) => Result,
    ...args: Args
  ): Result {
    const prior = this.getStore()
    if (prior === value) return work(...args)
    this.enterWith(value)
    try {
      return work(...args)
    } finally {
      this.enterWith(prior)
    }
  }

  exit<Result>(work: () => Result): Result {
    return this.run(undefined, work)
  }
}
