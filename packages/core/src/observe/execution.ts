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

/** One statement on its way, from the call to the end of its answer. An adapter fills in what only it knows. */
export class Execution {
  readonly shape: Shape
  layer: Layer
  readonly origin: Origin | undefined
  readonly request: OwnRequest | undefined
  /** When it was called, on the clock of `performance.now()`. */
  readonly startedAt: number
  /** When it could be sent: it had a connection, and nothing was before it. */
  sentAt: number
  /** What its checkout waited before the statement was called. */
  checkoutWaitMillis = 0
  /** It only begins a transaction: all its time is the pooler's. */
  onlyBegins = false
  /** When its transaction began; 0 outside one. */
  transactionSince = 0
  /** Time in which the application read its rows, and the server waited. */
  readerMillis = 0
  rows: number | undefined = undefined
  pool: string | undefined = undefined
  /** The text as it was sent, where its plan may be asked for. */
  sql: string | undefined = undefined
  /** The line that sent it, if it was worth taking. */
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
