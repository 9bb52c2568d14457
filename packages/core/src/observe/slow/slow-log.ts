import { AsyncLocalStorage } from 'node:async_hooks'
import { systemClock, type Clock } from '../../measure/clock.ts'
import type { LogEntry } from '../../log/log-writer.ts'
import type { ObserveEvents, QueryEvent, SlowQueryEvent } from '../events.ts'
import type { Execution } from '../execution.ts'
import { Explainer } from './explain.ts'
import type { ResolvedObserveOptions } from '../options.ts'
import type { ObservedPool } from '../pools/pool-report.ts'
import { SlowThresholds } from './slow-limits.ts'
import { entryOf } from './slow-line.ts'
import { SlowRepeats, type Rest } from './slow-repeats.ts'
import { SlowShapes } from './slow-shapes.ts'
import { setImmediate } from '../../measure/real-time.ts'

/** The functions of a guard that a slow log needs. */
export interface SlowLogHost {
  readonly pools: Iterable<ObservedPool>
  tell<Name extends keyof ObserveEvents>(name: Name, event: ObserveEvents[Name]): void
  write(entry: LogEntry): void
  fault(where: string, cause: unknown): void
}

/** A slow statement that is not reported yet. */
interface Pending {
  readonly execution: Execution
  readonly describe: () => QueryEvent
  readonly level: SlowQueryEvent['level']
  readonly thresholdMillis: number
}

/**
 * Reports and logs slow statements: one log line for each fingerprint and interval, and an event for each statement. It
 * runs in a later turn than the statement's end, because a layer above adds the call site after that, and the caller
 * gets its answer first.
 */
export class SlowLog {
  /** The lowest of all limits, in milliseconds. A faster statement is never slow. */
  readonly leastMillis: number
  readonly shapes: SlowShapes
  readonly #thresholds: SlowThresholds
  readonly #repeats: SlowRepeats<SlowQueryEvent>
  readonly #explainer: Explainer | undefined
  readonly #sampleRate: number
  readonly #host: SlowLogHost
  /**
   * A statement ends in the async context that opened its socket, so a logger would add the request id of another
   * request.
   */
  readonly #outside = AsyncLocalStorage.snapshot()
  #pending: Pending[] = []
  #slow = 0
  #verySlow = 0

  constructor(options: ResolvedObserveOptions, host: SlowLogHost, clock: Clock = systemClock) {
    this.#thresholds = new SlowThresholds(options)
    this.leastMillis = this.#thresholds.leastMillis
    this.shapes = new SlowShapes(options.slowQueryIntervalMillis)
    this.#host = host
    this.#sampleRate = options.slowQuerySampleRate
    this.#explainer = options.explainSlowQueries ? new Explainer(host.pools) : undefined
    const tellRest = (worst: SlowQueryEvent, rest: Rest): void => this.#guarded(() => host.write(entryOf(worst, rest)))
    this.#repeats = new SlowRepeats(options.slowQueryIntervalMillis, clock, tellRest)
  }

  /** Statements that took longer than their limit, very slow ones included. */
  get slowQueries(): number {
    return this.#slow
  }

  get verySlowQueries(): number {
    return this.#verySlow
  }

  /** Call it for a statement that took longer than the lowest limit. @param describe called in a later turn */
  consider(execution: Execution, describe: () => QueryEvent, millis: number): void {
    const { slowMillis, verySlowMillis } = this.#thresholds.limitsOf(execution)
    if (millis <= slowMillis) return
    const isVerySlow = millis > verySlowMillis
    this.#slow++
    if (isVerySlow) this.#verySlow++
    this.shapes.strike(execution.shape, execution.startedAt + millis)
    if (this.#pending.length === 0) setImmediate(() => this.#outside(() => this.#flush())).unref()
    const level = isVerySlow ? 'verySlow' : 'slow'
    this.#pending.push({ execution, describe, level, thresholdMillis: isVerySlow ? verySlowMillis : slowMillis })
  }

  #flush(): void {
    const pending = this.#pending
    this.#pending = []
    for (const each of pending) this.#guarded(() => this.#take(each))
  }

  #take({ execution, describe, level, thresholdMillis }: Pending): void {
    const query = describe()
    if (query.place !== undefined) execution.shape.place = query.place
    const slow: SlowQueryEvent = { ...query, level, thresholdMillis, unlogged: 0, plan: undefined, noPlan: undefined }
    const { isLogged, rest } = this.#repeats.note(query.fingerprint, slow, this.#isSampled())
    const event = { ...slow, unlogged: rest.count }
    if (!isLogged) this.#host.tell('slowQuery', event)
    else if (this.#explainer === undefined) this.#log(event, rest)
    else
      void this.#explainer
        .explain(execution)
        .then((plan) => this.#guarded(() => this.#log({ ...event, ...plan }, rest)))
  }

  #log(event: SlowQueryEvent, rest: Rest): void {
    this.#host.tell('slowQuery', event)
    this.#host.write(entryOf(event, rest))
  }

  #isSampled(): boolean {
    return this.#sampleRate === 1 || Math.random() < this.#sampleRate
  }

  /** No caller can catch an exception here; it would crash the process. */
  #guarded(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#host.fault('log a slow statement', error)
    }
  }
}
