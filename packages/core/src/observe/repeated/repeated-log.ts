import { AsyncLocalStorage } from 'node:async_hooks'
import { TextCache } from '../../sql/text-cache.ts'
import { Alarm, systemClock } from '../../measure/clock.ts'
import type { LogEntry } from '../../log/log-writer.ts'
import { batchedForm } from '../batched/batched-form.ts'
import type { ObserveEvents, RepeatedQueryEvent } from '../events.ts'
import { describeRepeated, entryOf, entryOfCrowded, entryOfEndless } from './repeated-message.ts'
import { RepeatedTally } from './repeated-tally.ts'
import type { FoundRepetition, RepetitionLimits } from './repetition.ts'
import type { RequestScope } from './request-scope.ts'

/** Bytes for remembering what was logged, and when. */
const loggedBytes = 65_536
/** Lines taken of one shape in one scope, 3 µs each and 10 µs to put into words. */
const mostSites = 100

/** Whom a log tells. */
export interface RepeatedListeners {
  hears(name: 'repeatedQuery'): boolean
  tell(name: 'repeatedQuery', event: ObserveEvents['repeatedQuery']): void
  write(entry: LogEntry): void
  fault(where: string, cause: unknown): void
}

export interface RepeatedOptions {
  readonly repeatedQueryLimit: number
  readonly requestScopeMillis: number
  /** Reports of one kind are logged once in this time. */
  readonly slowQueryIntervalMillis: number
}

/** Finds in each request scope what it repeats, and tells it once the scope is over. */
export class RepeatedLog {
  readonly limits: RepetitionLimits
  readonly #options: RepeatedOptions
  readonly #listeners: RepeatedListeners
  readonly #open = new Set<RepeatedTally>()
  /** A timer rings in the context of the request that set it: what is told then is another's. */
  readonly #outside = AsyncLocalStorage.snapshot()
  readonly #alarm = new Alarm(systemClock, (now) => this.#outside(() => this.#cutOff(now)))
  readonly #logged = new TextCache<number>(loggedBytes)
  #count = 0

  /** @param isExact every line is taken: for tests */
  constructor(options: RepeatedOptions, listeners: RepeatedListeners, isExact: boolean = false) {
    const limit = options.repeatedQueryLimit
    const most = isExact ? Infinity : Math.max(mostSites, 2 * limit)
    this.limits = { limit, mostSites: most, takesFirst: isExact }
    this.#options = options
    this.#listeners = listeners
  }

  /** How many were told. */
  get count(): number {
    return this.#count
  }

  open(scope: RequestScope): RepeatedTally {
    const tally = new RepeatedTally(scope, this, this.limits)
    const { requestScopeMillis } = this.#options
    // Without a limit, scopes that never end would be held for ever.
    if (requestScopeMillis !== Infinity || this.limits.takesFirst) {
      this.#open.add(tally)
      this.#alarm.expect(scope.startedAt + requestScopeMillis)
    }
    return tally
  }

  /** Those scopes as well that are open still: a response is closed a moment after its answer has come. */
  closeAll(): void {
    for (const tally of this.#open) this.close(tally)
  }

  /** Never throws: it is called where a request ends. */
  close(tally: RepeatedTally): void {
    this.#open.delete(tally)
    try {
      if (!tally.isClosed) this.#close(tally)
    } catch (error) {
      this.#listeners.fault('tell what a request repeats', error)
    }
  }

  #close(tally: RepeatedTally): void {
    for (const found of tally.close()) this.#tell(found, tally.scope)
    if (tally.isFull) this.#log(`full ${tally.scope.name}`, () => entryOfCrowded(tally.scope))
  }

  /** @returns when the oldest of the scopes that stay open has to be over */
  #cutOff(now: number): number {
    const { requestScopeMillis } = this.#options
    let next = Infinity
    for (const tally of this.#open) {
      const deadline = tally.scope.startedAt + requestScopeMillis
      if (deadline > now) next = Math.min(next, deadline)
      else {
        this.close(tally)
        this.#log(`endless ${tally.scope.name}`, () => entryOfEndless(tally.scope, requestScopeMillis))
      }
    }
    return next
  }

  #tell(found: FoundRepetition, scope: RequestScope): void {
    this.#count++
    const { limit } = this.limits
    const key = `${found.shape.fingerprint} ${found.operation} ${found.place}`
    let event: RepeatedQueryEvent | undefined
    const make = (): RepeatedQueryEvent => (event ??= eventOf(found, limit, scope))
    this.#log(key, () => entryOf(make()))
    if (this.#listeners.hears('repeatedQuery')) this.#listeners.tell('repeatedQuery', make())
  }

  #log(key: string, describe: () => LogEntry): void {
    const now = performance.now()
    const last = this.#logged.get(key)
    if (last !== undefined && now - last < this.#options.slowQueryIntervalMillis) return
    this.#logged.set(key, now)
    this.#listeners.write(describe())
  }
}

function eventOf(found: FoundRepetition, limit: number, { name, tag }: RequestScope): RepeatedQueryEvent {
  const { shape, operation, layer, place, count, totalMillis } = found
  const { summary, statement, fingerprint } = shape
  const instead = batchedForm({ shape, operation, layer })
  const fields = {
    operation,
    layer,
    summary,
    statement,
    fingerprint,
    place,
    count,
    limit,
    totalMillis,
    request: name,
    tag,
    instead,
  }
  return { ...fields, message: describeRepeated(fields) }
}
