import type { Site } from '../stack/call-site.ts'
import type { Origin, Layer } from '../stack/origin.ts'
import type { Shape } from './shape/shape.ts'

/** The request that a statement belongs to. `RequestScope` implements it. */
export interface OwnRequest {
  readonly name: string | undefined
  readonly tag: string | undefined
  /** The statement is about to be sent. Returns true if its call site is wanted. */
  wantsSite(execution: Execution, log: RequestLog): boolean
  /** The statement was answered. */
  note(execution: Execution, millis: number, log: RequestLog): void
}

/** Counts the statements of a guard by request. */
export interface RequestLog {
  /** A request sends its first statement. */
  open(request: OwnRequest): RequestTally
  /** A request is over. */
  close(tally: RequestTally): void
}

/** The statements of one request. */
export interface RequestTally {
  readonly log: RequestLog
  /** A statement is about to be sent. Returns true if its call site is wanted. */
  begin(shape: Shape): boolean
  /** The statement was answered. */
  end(execution: Execution, millis: number): void
}

/** One statement from the call to the end of its answer. Adapters fill in what only they know. */
export class Execution {
  readonly shape: Shape
  layer: Layer
  readonly origin: Origin | undefined
  readonly request: OwnRequest | undefined
  /** When it was called, on the clock of `performance.now()`. */
  readonly startedAt: number
  /** When it could be sent: a connection was there, and no other statement was queued ahead of it. */
  sentAt: number
  /** How long its checkout waited before the statement was called. */
  checkoutWaitMillis = 0
  /** It only begins a transaction, so its whole duration is pooler wait. */
  onlyBegins = false
  /** When its transaction began; 0 outside a transaction. */
  transactionSince = 0
  /** Time in which the application read rows while the server waited. */
  readerMillis = 0
  rows: number | undefined = undefined
  pool: string | undefined = undefined
  /** The SQL as sent, if its plan may be requested. */
  sql: string | undefined = undefined
  /** Its call site, if it was captured. */
  site: Site | undefined = undefined

  constructor(
    shape: Shape,
    layer: Layer,
    origin: Origin | undefined,
    request: OwnRequest | undefined,
    startedAt: number,
  ) {
    this.shape = shape
    this.layer = layer
    this.origin = origin
    this.request = request
    this.startedAt = startedAt
    this.sentAt = startedAt
  }
}
