import type { CallSign } from '../rules/rule.ts'
import type { Scope } from '../exceptions/scope.ts'

/** Where a statement came from. */
export interface Source {
  readonly sql: string
  /** `User.findMany`, where an ORM's layer knows. */
  readonly operation?: string | undefined
  readonly stack?: string | undefined
  /** Of what is no statement: what it is instead. Or that the server's answer told. */
  readonly sign?: CallSign | 'answer'
  /**
   * The scopes of `allow(…)` that it was sent in, where that was looked up: the commit may be decided outside of them.
   */
  readonly scopes?: readonly Scope[] | undefined
  /** An exception allows something that it leaves, which must not hide the same from another statement. */
  readonly isExcepted?: boolean
}
