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
import { performance } from '../../measure/real-time.ts'

/** Bytes for remembering the time of each log entry. */
const loggedBytes = 65_536
/** Call sites captured for one shape in one scope: 3 µs each, and 10 µs to format. */
const mostSites = 100

/** The receivers of reports. */
export interface RepeatedListeners {
  hears(name: 'repeatedQuery'): boolean
  tell(name: 'repeatedQuery', event: ObserveEvents['repeatedQuery']): void
  write(entry: LogEntry): void
  fault(where: string, cause: unknown): void
}

export interface RepeatedOptions {
  readonly repeatedQueryLimit: number
  readonly requestScopeMillis: number
  /** Interval in which reports of one kind are logged once. */
  readonly slowQueryIntervalMillis: number
}

/** Finds the repeated statements of each request scope and reports them when the scope is over. */
export class RepeatedLog {
  readonly limits: RepetitionLimits
  readonly #options: RepeatedOptions
  readonly #listeners: RepeatedListeners
  readonly #open = new Set<RepeatedTally>()
  /** A timer runs in the async context of the request that set it, but reports on other requests. */
  readonly #outside = AsyncLocalStorage.snapshot()
  readonly #alarm = new Alarm(systemClock, (now) => this.#outside(() => this.#cutOff(now)))
  readonly #logged = new TextCache<number>(loggedBytes)
  #count = 0

  /** @param isExact captures every call site, for tests */
  constructor(options: RepeatedOptions, listeners: RepeatedListeners, isExact: boolean = false) {
    const limit = options.repeatedQueryLimit
    const most = isExact ? Infinity : Math.max(mostSites, 2 * limit)
    this.limits = { limit, mostSites: most, takesFirst: isExact }
    this.#options = options
    this.#listeners = listeners
  }

  /** The number of reports. */
  get count(): number {
    return this.#count
  }

  open(scope: RequestScope): RepeatedTally {
    const tally = new RepeatedTally(scope, this, this.limits)
    const { requestScopeMillis } = this.#options
    // Without a limit, scopes that never end would be kept forever.
    if (requestScopeMillis !== Infinity || this.limits.takesFirst) {
      this.#open.add(tally)
      this.#alarm.expect(scope.startedAt + requestScopeMillis)
    }
    return tally
  }

  /** Also closes open scopes: a response is closed shortly after its answer has arrived. */
  closeAll(): void {
    for (const tally of this.#open) this.close(tally)
  }

  /** Never throws, because it runs at the end of a request. */
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

  /** @returns the deadline of the oldest scope that stays open */
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
