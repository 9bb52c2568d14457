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
   * 16 hexadecimal digits, equal for all statements that differ only in values, comments and the lengths of lists.
   */
  readonly fingerprint: string
  /** From the call to the end of the answer. */
  readonly durationMillis: number
  /**
   * The part spent waiting for a connection of the pool (reported with the first statement of a checkout) and behind
   * other statements of the connection.
   */
  readonly poolWaitMillis: number
  /**
   * The part spent waiting for a server connection of the pooler: the whole duration of a BEGIN, 0 inside a
   * transaction. `undefined` outside a transaction, where waiting and running cannot be distinguished.
   */
  readonly poolerWaitMillis: number | undefined
  /** The rest. */
  readonly executionMillis: number
  /** Rows returned or changed, if the driver reports them. */
  readonly rows: number | undefined
  readonly failed: boolean
  /** The server's SQLSTATE, for a failure. */
  readonly sqlState: string | undefined
  /** How old the transaction was when the statement ended; `undefined` outside one. */
  readonly transactionMillis: number | undefined
  /**
   * The application's call site, relative to the working folder. Until a fingerprint was reported once, the call site
   * that sent it first.
   */
  readonly place: string | undefined
  /** The name and the tag of the request scope. */
  readonly request: string | undefined
  readonly tag: string | undefined
  /** The name of the pool; `undefined` if it is unknown. */
  readonly pool: string | undefined
}

/** A statement took longer than `slowQueryMillis`. */
export interface SlowQueryEvent extends QueryEvent {
  readonly level: 'slow' | 'verySlow'
  /** The limit that it exceeded. */
  readonly thresholdMillis: number
  /**
   * The number of slow statements with this fingerprint that were not logged since the last log line.
   */
  readonly unlogged: number
  /** The generic plan as indented text without literals, with `explainSlowQueries` and if this statement is logged. */
  readonly plan: string | undefined
  /** Why a requested plan is missing, in a word or two; the SQLSTATE if the server refused. */
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
  /** How often the request sent it from this call site. */
  readonly count: number
  readonly limit: number
  /** Their total duration. */
  readonly totalMillis: number
  readonly request: string | undefined
  readonly tag: string | undefined
  /** The form that needs a single statement. */
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
