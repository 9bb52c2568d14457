import { toBePoolsafe, type StatementContext } from './to-be-poolsafe.ts'
import { toQueryAtMost } from './to-query-at-most.ts'
import { toRepeatNoQuery, type RepetitionOptions } from './to-repeat-no-query.ts'
import { toRunPoolsafe } from './to-run-poolsafe.ts'

export type { StatementContext } from './to-be-poolsafe.ts'
export type { RepetitionOptions } from './to-repeat-no-query.ts'

/** What `expect` can say with poolsafe. */
export interface PoolsafeMatchers<Returned> {
  /**
   * That a statement is safe behind a pooler: `expect(sql).toBePoolsafe({ pooler: poolers.pgbouncer() })`. Sends
   * nothing, and takes no notice of exceptions or of a guard's `rules`.
   *
   * @throws InvalidOptionError for what is no text, or a context that does not exist
   */
  toBePoolsafe(context?: StatementContext): Returned
  /**
   * That a function sends nothing that is unsafe: `await expect(() => placeOrder()).toRunPoolsafe()`. The guards of the
   * process are strict while it runs. With `.not`, what is found is expected and fails no test.
   */
  toRunPoolsafe(): Promise<void>
  /**
   * That a function sends at most so many statements through guarded connections: `await expect(() =>
   * list()).toQueryAtMost(2)`. BEGIN, COMMIT and their kin are not counted; a text of several statements counts as one.
   */
  toQueryAtMost(most: number): Promise<void>
  /**
   * That a function sends no statement more than twice from the same place: `await expect(() =>
   * listOrders()).toRepeatNoQuery()`, or more than `limit` times. Statements are the same that differ only in values.
   * Guards with `observe: false` are not seen.
   *
   * @throws InvalidOptionError for what is no function, and for a limit that cannot be
   */
  toRepeatNoQuery(options?: RepetitionOptions): Promise<void>
}

declare module 'vitest' {
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> extends PoolsafeMatchers<R> {}
}

/** For `expect.extend`. */
export const matchers: All = { toBePoolsafe, toRunPoolsafe, toQueryAtMost, toRepeatNoQuery }

// A type, since an interface could get further members that are no matchers.
type All = {
  readonly toBePoolsafe: typeof toBePoolsafe
  readonly toRunPoolsafe: typeof toRunPoolsafe
  readonly toQueryAtMost: typeof toQueryAtMost
  readonly toRepeatNoQuery: typeof toRepeatNoQuery
}
