import { toBePoolsafe, type StatementContext } from './to-be-poolsafe.ts'
import { toQueryAtMost } from './to-query-at-most.ts'
import { toRepeatNoQuery, type RepetitionOptions } from './to-repeat-no-query.ts'
import { toRunPoolsafe } from './to-run-poolsafe.ts'

export type { StatementContext } from './to-be-poolsafe.ts'
export type { RepetitionOptions } from './to-repeat-no-query.ts'

/** The matchers of poolsafe. */
export interface PoolsafeMatchers<Returned> {
  /**
   * Passes if a statement is safe behind a pooler: `expect(sql).toBePoolsafe({ pooler: poolers.pgbouncer() })`. It
   * sends nothing and ignores exceptions and the `rules` of guards.
   *
   * @throws InvalidOptionError for a value that is not a string, or an unknown context
   */
  toBePoolsafe(context?: StatementContext): Returned
  /**
   * Passes if a function sends no unsafe statement: `await expect(() => placeOrder()).toRunPoolsafe()`. All guards of
   * the process are strict while it runs. With `.not`, findings are expected and fail no test.
   */
  toRunPoolsafe(): Promise<void>
  /**
   * Passes if a function sends at most this many statements through guarded connections: `await expect(() =>
   * list()).toQueryAtMost(2)`. BEGIN, COMMIT and similar statements do not count; a text of several statements counts
   * once.
   */
  toQueryAtMost(most: number): Promise<void>
  /**
   * Passes if a function sends no statement more than twice (or `limit` times) from one call site: `await expect(() =>
   * listOrders()).toRepeatNoQuery()`. Statements that differ only in values are equal. Guards with `observe: false` are
   * ignored.
   *
   * @throws InvalidOptionError for a value that is not a function, and for an invalid limit
   */
  toRepeatNoQuery(options?: RepetitionOptions): Promise<void>
}

declare module 'vitest' {
  interface Matchers<R extends void | Promise<void> = void | Promise<void>, T = unknown> extends PoolsafeMatchers<R> {}
}

/** For `expect.extend`. */
export const matchers: All = { toBePoolsafe, toRunPoolsafe, toQueryAtMost, toRepeatNoQuery }

// A type alias, because an interface could be extended with members that are not matchers.
type All = {
  readonly toBePoolsafe: typeof toBePoolsafe
  readonly toRunPoolsafe: typeof toRunPoolsafe
  readonly toQueryAtMost: typeof toQueryAtMost
  readonly toRepeatNoQuery: typeof toRepeatNoQuery
}
