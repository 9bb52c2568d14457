import type { GuardOptions } from '@poolsafe/core'

/** Runs one statement and gives its rows. */
export type Query = (sql: string) => Promise<unknown[]>

/** A parameter that no driver can send. */
export function circular(): object {
  const self: Record<string, unknown> = {}
  self['self'] = self
  return self
}

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
  /**
   * Commits what `work` did, or rolls it back if it throws.
   *
   * @param work gets, beside what sends a statement, one that fails outside of the server: the transaction is not
   *   aborted
   */
  transaction<Result>(work: (query: Query, failInClient: () => Promise<unknown>) => Promise<Result>): Promise<Result>
  close(): Promise<void>
}
