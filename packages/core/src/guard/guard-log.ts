import { TextCache } from '../sql/text-cache.ts'
import { PoolsafeFault } from '../errors.ts'
import { isThenable } from '../thenable.ts'
import type { Events } from './events.ts'
import { LogWriter, type LogEntry, type LogFields, type Logger } from '../log/log-writer.ts'

/** Bytes for remembering what has been logged, so that each finding is logged once. */
const loggedBytes = 262_144

/** Writes a guard's messages to its logger. */
export class GuardLog {
  readonly #writer: LogWriter
  readonly #events: Events
  readonly #logged = new TextCache<true>(loggedBytes)
  #faultReported = false

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

  /** @throws the logger's exceptions; a rejection of an asynchronous logger is reported later as a fault */
  write(entry: LogEntry): void {
    const written = this.#writer.write(entry)
    if (isThenable(written)) written.then(undefined, (error: unknown) => void this.fault('write to the logger', error))
  }

  /** Reports the first fault only. */
  fault(where: string, cause: unknown): PoolsafeFault {
    const fault = new PoolsafeFault(where, cause)
    if (!this.#faultReported) {
      this.#faultReported = true
      // Errors thrown by `fault` listeners are ignored: each fault is reported once.
      this.#events.emit('fault', fault, () => {})
      this.#tell(fault)
    }
    return fault
  }

  #tell(fault: PoolsafeFault): void {
    try {
      this.write({ level: 'warn', message: `${fault.message}: ${String(fault.cause)}`, fields: { event: 'fault' } })
    } catch {
      // The logger itself has failed, so the fault cannot be logged.
    }
  }
}
