import type { Hearing } from '../checkout/events.ts'
import type { CallbackError } from '../errors.ts'
import type { LogEntry } from '../log/log-writer.ts'
import type { GuardEvents } from './events.ts'
import type { GuardParts } from './guard-parts.ts'

/** Sends what a guard has to say: events to their listeners, and messages to the logger. It judges nothing. */
export class Announcer {
  readonly #parts: Pick<GuardParts, 'events' | 'log'>
  readonly #listenerFailed = (error: CallbackError): void => this.#parts.log.report(error)

  constructor(parts: Pick<GuardParts, 'events' | 'log'>) {
    this.#parts = parts
  }

  /** Returns true if the event has a listener, so that unused events are never built. */
  hears(name: keyof GuardEvents): boolean {
    return this.#parts.events.has(name)
  }

  /** Returns the listeners of an event. Callers that ask at each statement keep them. */
  audience(name: keyof GuardEvents): Hearing {
    return this.#parts.events.audience(name)
  }

  /** Sends an event to its listeners. */
  tell<Name extends keyof GuardEvents>(name: Name, event: GuardEvents[Name]): void {
    this.#parts.events.emit(name, event, this.#listenerFailed)
  }

  /** Reports a fault of poolsafe itself. The first fault is logged; no fault stops a statement. */
  fault(where: string, cause: unknown): void {
    this.#parts.log.fault(where, cause)
  }

  /** Logs a message that is no warning. */
  info(message: string): void {
    this.write({ level: 'info', message, fields: { event: 'info' } })
  }

  /** Logs a warning that is no finding, each time. */
  warn(message: string): void {
    this.write({ level: 'warn', message, fields: { event: 'warning' } })
  }

  /** Logs a warning that is no finding, once for each message. */
  warnOnce(message: string): void {
    try {
      this.#parts.log.warnOnce(message, message, { event: 'warning' })
    } catch (error) {
      this.fault('write to the logger', error)
    }
  }

  /** Logs an entry. A logger that throws counts as a fault. */
  write(entry: LogEntry): void {
    try {
      this.#parts.log.write(entry)
    } catch (error) {
      this.fault('write to the logger', error)
    }
  }
}
