import type { Guard } from '@poolsafe/core'

/** Runs one statement and returns its rows. */
export type Query = (sql: string) => Promise<readonly unknown[]>

/**
 * A driver or an ORM with a pool of **one** connection, as the suite uses it. One connection makes a lost one visible:
 * the next call would wait forever.
 */
export interface ConformanceClient {
  /** Runs a statement on a connection that is acquired for this statement alone. */
  readonly query: Query
  /**
   * Runs `work` in a transaction. Commits it, or rolls it back if `work` rejects, and rejects with the same error.
   *
   * @param work gets a query on the transaction's connection, and a call on that connection that fails before anything
   *   is sent, such as a query with a parameter that cannot be serialised
   */
  readonly transaction: <Result>(
    work: (query: Query, failInClient: () => Promise<unknown>) => Promise<Result>,
  ) => Promise<Result>
  /** Closes the pool. */
  close(): Promise<unknown>
}

/** An adapter, as the conformance suite sees it. */
export interface ConformanceAdapter<Client extends ConformanceClient = ConformanceClient> {
  /** Heads the tests of this adapter. */
  readonly name: string
  /**
   * Opens a client.
   *
   * @param url the connection string of the suite's own PostgreSQL
   * @param guard guards the client; `undefined` for the same client without poolsafe, which the suite compares with
   */
  open(url: string, guard: Guard | undefined): Client
  /** Returns the server's SQLSTATE from an error that the client rejected with; anything else if there is none. */
  sqlStateOf(error: unknown): unknown
  /**
   * True if the driver rolls back a transaction in which any statement has failed, even if the application has handled
   * the error. `transaction` then rejects with that error. @default false
   */
  readonly rollsBackAfterFailure?: boolean
  /**
   * Other ways to send a statement and read all of its rows, by name: `callback`, `prepared`, `cursor`.
   *
   * @default {}
   */
  readonly forms?: Readonly<Record<string, (client: Client, sql: string) => Promise<readonly unknown[]>>>
  /**
   * Ways to read rows while they arrive, by name: `stream`, `cursor`. A reader may stop early.
   *
   * @default {}
   */
  readonly streams?: Readonly<Record<string, (client: Client, sql: string) => AsyncIterable<unknown>>>
  /**
   * Sends a statement that the signal aborts. Rejects when it is aborted.
   *
   * @default the adapter cannot cancel
   */
  readonly cancellable?: (client: Client, sql: string, signal: AbortSignal) => Promise<unknown>
}

/**
 * The functions of a test runner. Vitest's module fits as it is; for `node:test`:
 * `{ describe, it, afterAll: after }`.
 */
export interface TestRunner {
  readonly describe: (name: string, register: () => void) => unknown
  readonly it: (name: string, run: () => Promise<void>, timeoutMillis?: number) => unknown
  readonly afterAll: (run: () => Promise<void>) => unknown
}
