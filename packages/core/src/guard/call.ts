import type { Source } from '../transaction/source.ts'
import type { Layer } from '../stack/origin.ts'
import type { Transaction } from '../transaction/transaction.ts'
import type { Scope } from '../exceptions/scope.ts'
import type { Finding } from './finding.ts'

/** How an adapter sends a statement. */
export interface Call {
  /** The transaction of a client that holds its connection; absent on a connection borrowed for one statement. */
  readonly transaction?: Transaction
  /** True if the caller holds the connection. */
  readonly pinned: boolean
  /** True if the driver sends it as a named statement. @default false */
  readonly named?: boolean
  /**
   * True if the checkout can move to a direct connection: the caller holds the connection, no transaction is open, and
   * the pool has a direct pool. False if it cannot now, although there is one. @default the pool has no direct pool
   */
  readonly canMove?: boolean
  /** Why the connection itself cannot move, for the reason that a statement on it is not repaired. */
  readonly staysFor?: string
  /** Why the adapter cannot send another text for this call, after "not repaired: ". @default it can */
  readonly keepsText?: string
  /**
   * True if the adapter sees the end of the transaction as a statement, and can send more behind it (`Ending`).
   *
   * @default false
   */
  readonly canClear?: boolean
  /** The values of the parameters. Only the keys of advisory locks are read, and no value is shown. */
  readonly parameters?: readonly unknown[] | undefined
}

/** The address of a login, if the client provides it. */
export interface Address {
  readonly host?: unknown
  readonly port?: unknown
}

/** The statement that is being judged. Its origin is only determined if there is something to report. */
export interface CurrentSource extends Source {
  operation?: string | undefined
  layer?: Layer | undefined
  stack?: string | undefined
  scopes?: readonly Scope[] | undefined
  isExcepted?: boolean
  /** Its findings, if they were only counted and no exception was considered. */
  counted?: readonly Finding[]
}
