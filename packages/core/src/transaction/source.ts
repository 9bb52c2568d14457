import type { RuleId } from '../rules/index.ts'
import type { CallSign } from '../rules/rule.ts'
import type { Layer } from '../stack/origin.ts'
import type { Scope } from '../exceptions/scope.ts'

/** The origin of a statement. */
export interface Source {
  readonly sql: string
  /** The operation of the ORM, such as `User.findMany`; `undefined` if no layer knows it. */
  readonly operation?: string | undefined
  /** The ORM's layer, if it has one of poolsafe's. */
  readonly layer?: Layer | undefined
  readonly stack?: string | undefined
  /** For an effect that no statement has: the kind of call. `answer` if the server's answer showed it. */
  readonly sign?: CallSign | 'answer'
  /**
   * The `allow(…)` scopes in which the statement was sent, if they were looked up. The guard may decide about the COMMIT
   * outside these scopes.
   */
  readonly scopes?: readonly Scope[] | undefined
  /** Why the statement was not repaired, by rule. */
  readonly unrepaired?: ReadonlyMap<RuleId, string> | undefined
  /** An exception allows an effect of this statement. The same effect of another statement still counts. */
  readonly isExcepted?: boolean
}
