import type { GuardOptions } from '@poolsafe/core'

/** Runs one statement and gives its rows. */
export type Query = (sql: string) => Promise<unknown[]>

/** An adapter as the suite sees it: the same calls, whichever ORM or driver answers them. */
export interface Subject {
  readonly name: string
  /** @param guard `undefined` for the same thing without poolsafe */
  open(url: string, guard: GuardOptions | undefined): Opened
  /** The SQLSTATE of an error of the server. */
  sqlStateOf(error: unknown): unknown
}

/** A pool of one connection, behind a driver or an ORM. */
export interface Opened {
  /** On a connection borrowed for this statement. */
  query: Query
  /** Commits what `work` did, or rolls it back if it throws. */
  transaction<Result>(work: (query: Query) => Promise<Result>): Promise<Result>
  close(): Promise<void>
}
