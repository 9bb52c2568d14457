import type { Transaction } from '@poolsafe/core/adapter'
import type { Activity, ConnectionSource, Handover } from '@poolsafe/core/internal'

/** The application's use of a connection of postgres.js. */
export class Use {
  readonly #transaction: Transaction | undefined
  /** Queries without an answer. */
  running = 0
  /** Queries that were sent. */
  sent = 0

  constructor(transaction?: Transaction) {
    this.#transaction = transaction
  }

  begins(): void {
    this.running++
    this.sent++
  }

  ends(): void {
    this.running--
  }

  get activity(): Activity {
    if (this.running > 0) return 'running'
    return this.#transaction?.isOpen === true ? 'idleInTransaction' : 'idle'
  }
}

/**
 * The pool of postgres.js as a gate sees it. postgres.js shows neither its connections nor its queue. It queues a query
 * only while all connections are in use or being opened.
 */
export class SqlSource implements ConnectionSource<Use> {
  readonly max: number
  /** False while a call asks that has its connection already. */
  mustWait = true
  /** The connection of that call. */
  arriving: Use | undefined = undefined
  /** Connections that calls hold, as far as the gate knows. */
  held = 0
  /** Calls that postgres.js has queued. */
  waiting = 0

  constructor(max: number) {
    this.max = max
  }

  get size(): number {
    return this.waiting > 0 ? this.max : Math.min(this.held, this.max)
  }

  get idle(): number {
    return 0
  }

  take(done: Handover<Use>): void {
    // Those that wait in the queue stay there.
    this.mustWait = true
    done(undefined, this.arriving, noRelease)
  }

  takeBack(): void {}

  activityOf({ activity }: Use): Activity {
    return activity
  }

  activityMark({ sent }: Use): unknown {
    return sent
  }
}

/** postgres.js takes its connections back by itself. */
export function noRelease(): void {}
