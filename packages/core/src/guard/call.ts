import type { Source } from '../transaction/source.ts'
import type { Transaction } from '../transaction/transaction.ts'
import type { Scope } from '../exceptions/scope.ts'

/** How an adapter sends a statement. */
export interface Call {
  /** The transaction of a client that holds its connection; absent on a connection borrowed for one statement. */
  readonly transaction?: Transaction
  /** Whether the caller holds the connection. */
  readonly pinned: boolean
  /** Whether the driver sends it as a named statement. @default false */
  readonly named?: boolean
}

/** Where a driver logs in, such as a client that tells it. */
export interface Address {
  readonly host?: unknown
  readonly port?: unknown
}

/** The statement that is being judged: where it came from is looked up when there is something to tell. */
export interface CurrentSource extends Source {
  operation?: string | undefined
  stack?: string | undefined
  scopes?: readonly Scope[] | undefined
  isExcepted?: boolean
}
