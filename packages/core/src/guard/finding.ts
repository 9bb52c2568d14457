import type { Helper } from '../rules/helper.ts'
import type { RuleId } from '../rules/index.ts'

/**
 * The outcome for the state.
 *
 * - `leaks`: the state stays on a server connection that other clients use next
 * - `lost`: the statement needs state of another server connection
 * - `wiped`: the pooler removes the state when the transaction ends
 * - `rejected`: the pooler answers with an error
 * - `ignored`: the pooler reports success and does nothing
 * - `pinned`: it works, but the pooler reserves a server connection for this client
 * - `ineffective`: the statement does nothing where it is used
 * - `unknown`: poolsafe cannot tell
 */
export type Outcome = 'leaks' | 'lost' | 'wiped' | 'rejected' | 'ignored' | 'pinned' | 'ineffective' | 'unknown'

/** An effect that the pooler does not carry in this place, with its consequence and its remedy. Plain data. */
export interface Finding {
  readonly rule: RuleId
  readonly outcome: Outcome
  /** The consequence, in one line: `SET search_path stays on a server connection that other clients use next`. */
  readonly message: string
  /** The cause, in one sentence. */
  readonly why: string
  /** The remedy, in one sentence. */
  readonly instead: string
  /** The helpers and options of poolsafe that do it. The page of the rule shows each as code. */
  readonly helpers: readonly Helper[]
  /**
   * For code in the database that a statement runs: the chain from what the statement names to what changes the
   * session. Absent for what the statement itself does. See `GuardOptions.catalog`.
   */
  readonly via?: readonly string[]
  /** With the policy `repair`: why there is no exact repair here. */
  readonly unrepaired?: string
  /** The page of the rule, below the folder of `@poolsafe/core`. */
  readonly docs: string
}

/** The circumstances in which a statement is sent. */
export interface Context {
  /** True if a transaction of this client is open. @default false */
  readonly inTransaction?: boolean
  /**
   * True if the caller holds the connection (`pool.connect`), false if it borrows one for this statement
   * (`pool.query`). @default true
   */
  readonly pinned?: boolean
  /** True if the driver sends it as a named statement. @default false */
  readonly named?: boolean
}
