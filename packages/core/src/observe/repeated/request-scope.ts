import { shared } from '../../shared.ts'
import { AsyncLocalStorage } from 'node:async_hooks'
import { InvalidOptionError } from '../../errors.ts'
import { awaitInside, isThenable } from '../../thenable.ts'
import { checkObject } from '../../options.ts'
import type { Execution, OwnRequest, RequestLog, RequestTally } from '../execution.ts'
import { performance } from '../../measure/real-time.ts'

/** The name and tag of a request scope. */
export interface RequestScopeOptions {
  /** For reports: `GET /orders/:id`. Never a URL with its values. */
  readonly name?: string
  /** A tag that `slowQueryThresholds` can match. */
  readonly tag?: string
}

/**
 * A string, or a function that returns it: the route of an HTTP request is known only when its handler runs. Must not
 * throw.
 */
type Told = string | (() => string | undefined) | undefined

/** One request of the application, in which each guard counts repeated statements. */
export class RequestScope implements OwnRequest {
  #name: Told
  #tag: Told
  /** Counts instead of the guards: a test matcher. */
  readonly examiner: RequestLog | undefined
  #tallies: RequestTally[] = []
  #latest: RequestTally | undefined
  /** On the clock of `performance.now()`. */
  readonly startedAt: number = performance.now()
  /**
   * Sockets, timers and listeners keep the async context in which they were created; after the end it has no meaning.
   */
  isOver = false

  constructor({ name, tag }: { readonly name?: Told; readonly tag?: Told } = {}, examiner?: RequestLog) {
    this.#name = name
    this.#tag = tag
    // Scopes inside an examined scope are examined with it.
    this.examiner = examiner ?? openRequest()?.examiner
  }

  get name(): string | undefined {
    return tell(this.#name)
  }

  get tag(): string | undefined {
    return tell(this.#tag)
  }

  /** Runs `fn` inside the scope without ending it. */
  run<Args extends unknown[], Result>(fn: (...args: Args) => Result, ...args: Args): Result {
    return requests.run(this, fn, ...args)
  }

  /** Call it when a statement is about to be sent inside. @returns true if its call site is wanted */
  wantsSite({ shape }: Execution, log: RequestLog): boolean {
    return !this.isOver && shape.isRepeatable && this.#tallyOf(log).begin(shape)
  }

  /** Call it when the statement is answered. */
  note(execution: Execution, millis: number, log: RequestLog): void {
    if (!this.isOver && execution.shape.isRepeatable) this.#tallyOf(log).end(execution, millis)
  }

  /** Stops counting and reports the repeated statements. */
  end(): void {
    if (this.isOver) return
    this.isOver = true
    // The functions may reference a whole request, and a socket that was opened inside references this scope.
    this.#name = this.name
    this.#tag = this.tag
    const tallies = this.#tallies
    this.#tallies = []
    this.#latest = undefined
    for (const tally of tallies) tally.log.close(tally)
  }

  #tallyOf(guards: RequestLog): RequestTally {
    const log = this.examiner ?? guards
    if (this.#latest?.log === log) return this.#latest
    let tally = this.#tallies.find((each) => each.log === log)
    if (tally === undefined) this.#tallies.push((tally = log.open(this)))
    this.#latest = tally
    return tally
  }
}

function tell(told: Told): string | undefined {
  return typeof told === 'function' ? told() : told
}

/**
 * The request scope that each async context is in. Process-wide because `withRequestScope` may be imported from another
 * copy of this package than the guard that observes the statements.
 */
const requests: AsyncLocalStorage<RequestScope> = shared('requests', () => new AsyncLocalStorage<RequestScope>())

/** Returns the caller's scope. */
export function openRequest(): RequestScope | undefined {
  const scope = requests.getStore()
  return scope === undefined || scope.isOver ? undefined : scope
}

/**
 * Counts the statements that `fn` sends, for every guard of the process. When the scope ends, a guard reports each
 * statement that was sent from one call site more often than its `repeatedQueryLimit`. The scope ends when `fn` has
 * returned and its result is settled; later answers are not counted. A nested scope is separate: its statements count
 * only there.
 *
 * @param options the name and tag of the request
 * @returns what `fn` returns; a promise, or a query that starts when it is awaited, is awaited inside the scope
 * @throws InvalidOptionError for a name or a tag that is not a string, and for `fn` that is not a function
 */
export function withRequestScope<Result>(fn: () => PromiseLike<Result>): Promise<Result>
export function withRequestScope<Result>(fn: () => Result): Result
export function withRequestScope<Result>(options: RequestScopeOptions, fn: () => PromiseLike<Result>): Promise<Result>
export function withRequestScope<Result>(options: RequestScopeOptions, fn: () => Result): Result
export function withRequestScope(...args: [() => unknown] | [RequestScopeOptions, () => unknown]): unknown {
  const [options, fn] = args.length === 1 ? [{}, args[0]] : args
  checkObject('withRequestScope(): options', options, ['name', 'tag'])
  for (const option of ['name', 'tag'] as const) {
    const given: unknown = options[option]
    if (given !== undefined && (typeof given !== 'string' || given === ''))
      throw new InvalidOptionError(`withRequestScope(): ${option}`, given, 'a text')
  }
  if (typeof fn !== 'function')
    throw new InvalidOptionError('withRequestScope(): fn', fn, 'a function, which runs the statements')
  return runInScope(new RequestScope(options), fn)
}

/** Runs `fn` in a scope that ends with it. */
export function runInScope(scope: RequestScope, fn: () => unknown): unknown {
  let result: unknown
  try {
    result = scope.run(fn)
  } catch (error) {
    scope.end()
    throw error
  }
  if (isThenable(result)) return scope.run(awaitInside, result, () => scope.end())
  scope.end()
  return result
}
