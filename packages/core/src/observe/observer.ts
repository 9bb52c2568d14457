import { currentOrigin, locatesItself, type Origin, type Layer } from '../stack/origin.ts'
import { formatCallSite, readStack, siteOf, type Caller } from '../stack/call-site.ts'
import { Batch } from '../measure/batch.ts'
import type { Hearing } from '../checkout/events.ts'
import { Histogram } from '../measure/histogram.ts'
import { Durations } from '../measure/durations.ts'
import { eventOf } from './event-of.ts'
import type { ObserveEvents } from './events.ts'
import { Execution } from './execution.ts'
import type { ResolvedObserveOptions } from './options.ts'
import { RepeatedLog } from './repeated/repeated-log.ts'
import { openRequest } from './repeated/request-scope.ts'
import { Shape } from './shape/shape.ts'
import { Shapes } from './shape/shapes.ts'
import { SiteBudget } from '../stack/stack-budget.ts'
import { SlowLog, type SlowLogHost } from './slow/slow-log.ts'
import { statementKinds } from './shape/statement-kind.ts'
import type { FingerprintStatistics, KindStatistics } from './statistics.ts'
import { performance } from '../measure/real-time.ts'

/** Upper bounds of the durations by kind, in milliseconds. */
const boundsMillis: readonly number[] = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000]

/** The functions of a guard that an observer needs. */
export interface Listeners extends SlowLogHost {
  hears(name: keyof ObserveEvents): boolean
  audience(name: keyof ObserveEvents): Hearing
  tell<Name extends keyof ObserveEvents>(name: Name, event: ObserveEvents[Name]): void
  fault(where: string, cause: unknown): void
}

/** The durations of one kind of statements with one outcome. */
class KindTimings extends Batch {
  readonly histogram = new Histogram(boundsMillis)
  readonly #all: Durations

  /** @param all the durations of all kinds */
  constructor(all: Durations) {
    super()
    this.#all = all
  }

  protected override count(millis: number, times: number): void {
    this.histogram.add(millis, times)
    this.#all.add(millis, times)
  }
}

/**
 * Observes every statement. The lowest layer that sees a statement calls {@link begin} and {@link end} once each.
 */
export class Observer {
  readonly options: ResolvedObserveOptions
  readonly #listeners: Listeners
  readonly #slowLog: SlowLog
  readonly #repeatedLog: RepeatedLog
  readonly #shapes = new Shapes()
  /** The result for a statement that could not be observed. */
  readonly #unknown = new Shape('')
  readonly #durations = new Durations()
  readonly #byKind = statementKinds.map((kind) => ({
    kind,
    ok: new KindTimings(this.#durations),
    failed: new KindTimings(this.#durations),
  }))
  readonly #queryHearing: Hearing
  readonly #sites = new SiteBudget()
  #errors = 0
  #total = 0

  constructor(options: ResolvedObserveOptions, listeners: Listeners) {
    this.options = options
    this.#listeners = listeners
    this.#queryHearing = listeners.audience('query')
    this.#slowLog = new SlowLog(options, listeners)
    this.#repeatedLog = new RepeatedLog(options, listeners)
  }

  /**
   * Call it when a statement is about to be sent or to wait for a connection. Like {@link end}, it never throws: an
   * error in here is a fault of poolsafe, even in strict mode, and the statement proceeds.
   *
   * @param entry the function that the application or the ORM called, for the call site
   */
  begin(sql: string, layer: Layer, entry: Caller): Execution {
    try {
      return this.#begin(sql, layer, entry)
    } catch (error) {
      this.#listeners.fault('observe a statement', error)
      return new Execution(this.#unknown, layer, undefined, undefined, performance.now())
    }
  }

  #begin(sql: string, layer: Layer, entry: Caller): Execution {
    const shape = this.#shapes.of(sql)
    const execution = new Execution(shape, layer, currentOrigin(), openRequest(), performance.now())
    if (this.options.explainSlowQueries) execution.sql = sql
    const isRepeated = execution.request?.wantsSite(execution, this.#repeatedLog) === true
    const isFirst = shape.place === undefined && this.#sites.allows()
    const isWanted =
      isFirst || isRepeated || (shape.isStruck && this.#slowLog.shapes.wantsSite(shape, execution.startedAt))
    if (isWanted) this.#locate(execution, entry, isFirst)
    return execution
  }

  /**
   * Call it when the statement was answered or failed. A failure has the server's SQLSTATE, or an empty string if there
   * is none.
   *
   * @param endedAt for adapters that have read the clock already: reading it costs as much as all of the counting
   */
  end(execution: Execution, sqlState?: string, endedAt: number = performance.now()): void {
    try {
      this.#end(execution, sqlState, endedAt)
    } catch (error) {
      this.#listeners.fault('observe the end of a statement', error)
    }
  }

  #end(execution: Execution, sqlState: string | undefined, endedAt: number): void {
    const { shape } = execution
    const millis = endedAt - execution.startedAt + execution.checkoutWaitMillis - execution.readerMillis
    const failed = sqlState !== undefined
    this.#total++
    shape.count++
    shape.sumMillis += millis
    if (millis > shape.maxMillis) shape.maxMillis = millis
    if (failed) {
      this.#errors++
      shape.errors++
    }
    const timings = this.#byKind[shape.kindNumber]
    if (failed) timings?.failed.add(millis)
    else timings?.ok.add(millis)
    execution.request?.note(execution, millis, this.#repeatedLog)
    if (millis > this.#slowLog.leastMillis) this.#slow(execution, millis, sqlState)
    if (this.#queryHearing.isThere) this.#listeners.tell('query', eventOf(execution, millis, sqlState))
  }

  get totalQueries(): number {
    return this.#total
  }

  get totalErrors(): number {
    return this.#errors
  }

  get slowQueries(): number {
    return this.#slowLog.slowQueries
  }

  get verySlowQueries(): number {
    return this.#slowLog.verySlowQueries
  }

  get repeatedQueries(): number {
    return this.#repeatedLog.count
  }

  get durations(): Durations {
    this.#flush()
    return this.#durations
  }

  get shapes(): Shapes {
    return this.#shapes
  }

  /** Durations by kind; failures are separate. */
  byKind(): KindStatistics[] {
    this.#flush()
    const all = this.#byKind.flatMap(({ kind, ok, failed }) => [
      { kind, failed: false, duration: ok.histogram.snapshot() },
      { kind, failed: true, duration: failed.histogram.snapshot() },
    ])
    return all.filter(({ duration }) => duration.counts.some((count) => count > 0))
  }

  #flush(): void {
    for (const { ok, failed } of this.#byKind) {
      ok.flush()
      failed.flush()
    }
  }

  slowest(count: number): FingerprintStatistics[] {
    return this.#shapes.slowest(count).map((shape) => ({
      fingerprint: shape.fingerprint,
      summary: shape.summary,
      statement: shape.statement,
      place: shape.place,
      count: shape.count,
      errors: shape.errors,
      totalMillis: shape.sumMillis,
      meanMillis: shape.count === 0 ? 0 : shape.sumMillis / shape.count,
      maxMillis: shape.maxMillis,
    }))
  }

  /**
   * A function of its own, because V8 allocates the context of a closure at every call of the function that may create
   * it.
   */
  #slow(execution: Execution, millis: number, sqlState: string | undefined): void {
    this.#slowLog.consider(execution, () => eventOf(execution, millis, sqlState), millis)
    execution.origin?.want?.(execution.shape)
  }

  #locate(execution: Execution, entry: Caller, isFirst: boolean): void {
    const { origin, shape } = execution
    if (origin !== undefined && locatesItself(origin)) {
      // The stack starts inside the ORM and may end there too.
      execution.site = origin
      return locateOrigin(origin, shape)
    }
    const site = siteOf(entry)
    // An unformatted stack keeps its frames' objects alive, so only an execution may hold one, never a shape.
    if (isFirst) shape.place = formatCallSite(readStack(site)) ?? ''
    execution.site = site
  }
}

/** The stack may be known or still to come. Formatting it is most of its cost. */
function locateOrigin(origin: Origin, shape: Shape): void {
  const { stack } = shape.place === undefined ? origin : {}
  if (stack === undefined) origin.want?.(shape)
  else shape.place = formatCallSite(stack) ?? ''
}
