import { shared } from '../../shared.ts'
import { AsyncLocalStorage } from 'node:async_hooks'
import { InvalidOptionError } from '../../errors.ts'
import { awaitInside, isThenable } from '../../thenable.ts'
import { checkObject } from '../../options.ts'
import type { Execution, OwnRequest, RequestLog, RequestTally } from '../execution.ts'

/** What a request scope is called. */
export interface RequestScopeOptions {
  /** For reports: `GET /orders/:id`. Never a URL with its values. */
  readonly name?: string
  /** What `slowQueryThresholds` may ask for. */
  readonly tag?: string
}

/** A text, or what tells it: of an HTTP request the route is known only when its handler runs. Must not throw. */
type Told = string | (() => string | undefined) | undefined

/** One request of the application: a stay in which repeated statements are counted, for each guard on its own. */
export class RequestScope implements OwnRequest {
  #name: Told
  #tag: Told
  /** Who counts in the place of the guards: a matcher. */
  readonly examiner: RequestLog | undefined
  #tallies: RequestTally[] = []
  #latest: RequestTally | undefined
  /** On the clock of `performance.now()`. */
  readonly startedAt: number = performance.now()
  /** Sockets, timers and listeners keep the context in which they were made: after the end it means nothing. */
  isOver = false

  constructor({ name, tag }: { readonly name?: Told; readonly tag?: Told } = {}, examiner?: RequestLog) {
    this.#name = name
    this.#tag = tag
    // Scopes inside one that is examined are examined with it.
    this.examiner = examiner ?? openRequest()?.examiner
  }

  get name(): string | undefined {
    return tell(this.#name)
  }

  get tag(): string | undefined {
    return tell(this.#tag)
  }

  /** Runs `fn` inside. It does not end the scope. */
  run<Args extends unknown[], Result>(fn: (...args: Args) => Result, ...args: Args): Result {
    return requests.run(this, fn, ...args)
  }

  /** A statement is about to be sent inside. @returns whether its line is wanted */
  wantsSite({ shape }: Execution, log: RequestLog): boolean {
    return !this.isOver && shape.isRepeatable && this.#tallyOf(log).begin(shape)
  }

  /** It is answered. */
  note(execution: Execution, millis: number, log: RequestLog): void {
    if (!this.isOver && execution.shape.isRepeatable) this.#tallyOf(log).end(execution, millis)
  }

  /** From now on nothing is counted; what was repeated is told. */
  end(): void {
    if (this.isOver) return
    this.isOver = true
    // What tells them may hold a whole request, and a socket that was opened inside holds this scope.
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

/** The scope that the caller is in. */
export function openRequest(): RequestScope | undefined {
  const scope = requests.getStore()
  return scope === undefined || scope.isOver ? undefined : scope
}

/**
 * Counts what `fn` sends, for every guard of the process: the same statement from the same place more often than the
 * guard's
 * `repeatedQueryLimit` is told when the scope ends, which is when `fn` has returned and what it returned is settled. What is answered
 * later is not counted. A scope inside a scope is one of its own: what is sent in it counts there alone.
 *
 * @param options what the request is called
 * @returns what `fn` returns; a promise, or a query that starts when it is awaited, is awaited inside the scope
 * @throws InvalidOptionError for a name or a tag that is no text, and for what is no function
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
