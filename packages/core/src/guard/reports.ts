import { TextCache } from '../analyze/cache.ts'
import { PoolsafeFault } from '../errors.ts'
import type { Events } from './events.ts'
import type { Logger } from './options.ts'

/** Bytes for remembering what has been logged, so that each finding is logged once. */
const loggedBytes = 262_144

/** What a guard writes to its logger: each message once. */
export class Reports {
  readonly #logger: Logger
  readonly #events: Events
  readonly #logged = new TextCache<true>(loggedBytes)
  #faultReported = false

  constructor(logger: Logger, events: Events) {
    this.#logger = logger
    this.#events = events
  }

  /** Whether a message with this key was logged. */
  has(key: string): boolean {
    return this.#logged.get(key) === true
  }

  log(key: string, message: string): void {
    if (this.has(key)) return
    this.#logged.set(key, true)
    this.#logger.warn(`[poolsafe] ${message}`)
  }

  /** The first fault is told, further ones are not. */
  fault(where: string, cause: unknown): PoolsafeFault {
    const fault = new PoolsafeFault(where, cause)
    if (!this.#faultReported) {
      this.#faultReported = true
      this.#events.emit('fault', fault)
      this.#write(fault)
    }
    return fault
  }

  #write(fault: PoolsafeFault): void {
    try {
      this.#logger.warn(`[poolsafe] ${fault.message}: ${String(fault.cause)}`)
    } catch {
      // The logger itself is what failed: there is nobody left to tell.
    }
  }
}
