import { keysOf } from '../options.ts'
import type { Layer } from '../stack/origin.ts'
import type { StatementKind } from './shape/statement-kind.ts'

/** A statement was answered, or failed. */
export interface QueryEvent {
  /** The ORM's name for the call, `User.findMany`, where known. */
  readonly operation: string | undefined
  readonly layer: Layer
  /** `SELECT users` */
  readonly summary: string
  readonly kind: StatementKind
  /** Without literals, at most 300 characters. */
  readonly statement: string
  /**
   * The same for all statements that differ only in values, comments and the lengths of lists: 16 hexadecimal digits.
   */
  readonly fingerprint: string
  /** All of it, from the call to the end of the answer. */
  readonly durationMillis: number
  /**
   * Of it, the wait for a connection of the pool, told with the first statement of a checkout, and behind other
   * statements on the connection.
   */
  readonly poolWaitMillis: number
  /**
   * Of it, the wait for a server connection of the pooler: all of a BEGIN, none inside a transaction. `undefined` where
   * it cannot be told from running: of a statement outside a transaction.
   */
  readonly poolerWaitMillis: number | undefined
  /** The rest. */
  readonly executionMillis: number
  /** Rows returned or changed, where the driver tells. */
  readonly rows: number | undefined
  readonly failed: boolean
  /** The server's SQLSTATE, of a failure. */
  readonly sqlState: string | undefined
  /** How old the transaction was when the statement ended; `undefined` outside one. */
  readonly transactionMillis: number | undefined
  /**
   * The application's own line, below the working folder. Until a fingerprint has been reported once, the line that
   * sent it first.
   */
  readonly place: string | undefined
  /** The name and the tag of the request scope. */
  readonly request: string | undefined
  readonly tag: string | undefined
  /** The pool that it went through; `undefined` where none is known. */
  readonly pool: string | undefined
}

/** A statement took longer than `slowQueryMillis`. */
export interface SlowQueryEvent extends QueryEvent {
  readonly level: 'slow' | 'verySlow'
  /** The limit that it exceeded. */
  readonly thresholdMillis: number
  /**
   * How many others of the fingerprint were slow since the last one that was logged, and were not logged themselves.
   */
  readonly unlogged: number
  /** With `explainSlowQueries`, of one that is logged: the generic plan as an indented text, without literals. */
  readonly plan: string | undefined
  /** Why a plan that was wanted is not there, in a word or two; the server's SQLSTATE where it refused. */
  readonly noPlan: string | undefined
}

/** One request sent the same statement too often: N+1. */
export interface RepeatedQueryEvent {
  readonly operation: string | undefined
  readonly layer: Layer
  readonly summary: string
  readonly statement: string
  readonly fingerprint: string
  readonly place: string | undefined
  /** How often, from that place. */
  readonly count: number
  readonly limit: number
  /** How long they took together. */
  readonly totalMillis: number
  readonly request: string | undefined
  readonly tag: string | undefined
  /** What would do it in one statement. */
  readonly instead: string
  /** The whole report, as logged. */
  readonly message: string
}

/** The events of what is observed, by name. */
export interface ObserveEvents {
  query: QueryEvent
  slowQuery: SlowQueryEvent
  repeatedQuery: RepeatedQueryEvent
}

/** The names of {@link ObserveEvents}. An event without an entry here is a type error. */
export const observeEventNames: readonly (keyof ObserveEvents)[] = keysOf<ObserveEvents>({
  query: true,
  slowQuery: true,
  repeatedQuery: true,
})
