import { TextCache } from '../sql/text-cache.ts'
import { CallbackError, PoolsafeFault } from '../errors.ts'
import { isThenable } from '../thenable.ts'
import { callbackFailure } from './callback-failure.ts'
import type { Events } from './events.ts'
import { LogWriter, type LogEntry, type LogFields, type Logger } from '../log/log-writer.ts'

/** Bytes for remembering what has been logged, so that each finding is logged once. */
const loggedBytes = 262_144

/** Functions of the application whose failure is reported. An application may give each listener another name. */
const mostReported = 100

/** Writes a guard's messages to its logger. */
export class GuardLog {
  readonly #writer: LogWriter
  readonly #events: Events
  readonly #logged = new TextCache<true>(loggedBytes)
  /** The failed functions of the application that were reported; an empty text stands for poolsafe itself. */
  readonly #reported = new Set<string>()

  constructor(logger: Logger, events: Events) {
    this.#writer = new LogWriter(logger)
    this.#events = events
  }

  /** Returns true if a message with this key was logged. */
  has(key: string): boolean {
    return this.#logged.get(key) === true
  }

  /** Logs a warning once for each key. */
  warnOnce(key: string, message: string, fields: LogFields): void {
    if (this.has(key)) return
    this.#logged.set(key, true)
    this.write({ level: 'warn', message, fields })
  }

  /** @throws CallbackError if the logger throws; a rejection of an asynchronous logger is reported later */
  write(entry: LogEntry): void {
    const method = `the logger's ${entry.level}()`
    try {
      const written = this.#writer.write(entry)
      if (!isThenable(written)) return
      written.then(undefined, (error: unknown) => this.report(callbackFailure(method, 'rejected', error)))
    } catch (error) {
      throw callbackFailure(method, 'threw', error)
    }
  }

  /**
   * Reports the first fault of poolsafe, and the first failure of each function of the application.
   *
   * @returns the error that was caught, or a fault that has it as its cause
   */
  fault(where: string, cause: unknown): CallbackError | PoolsafeFault {
    const fault = cause instanceof CallbackError ? cause : new PoolsafeFault(where, cause)
    this.report(fault)
    return fault
  }

  report(fault: CallbackError | PoolsafeFault): void {
    const key = fault instanceof CallbackError ? fault.callback : ''
    if (this.#reported.has(key) || (this.#reported.size >= mostReported && key !== '')) return
    this.#reported.add(key)
    // Errors of `fault` listeners are ignored: each fault is reported once.
    this.#events.emit('fault', fault, () => {})
    this.#log(fault)
  }

  #log(fault: CallbackError | PoolsafeFault): void {
    try {
      this.write({ level: 'warn', message: `${fault.message}: ${textOf(fault.cause)}`, fields: { event: 'fault' } })
    } catch {
      // The logger itself has failed, so the fault cannot be logged.
    }
  }
}

/** An application may throw anything, also an object without `toString`. */
function textOf(cause: unknown): string {
  try {
    return String(cause)
  } catch {
    return 'an object without text'
  }
}
