/** Extensions that the server of `npm test` lacks. `libpq` means that its own connections can reach itself. */
export type Extension = 'hypopg' | 'orafce' | 'set_user' | 'libpq'

/** The circumstances that show the effect of a rule's example. */
export interface Circumstances {
  /**
   * - `leaves`: afterwards a second client sees what the statement left
   * - `needs`: the answer differs from the answer on the server connection that has the state it needs
   * - `clears`: the state of its owner stays on the other server connection
   * - `ineffective`: the statement has its effect in a transaction, and none alone
   *
   * @default 'leaves'
   */
  readonly does?: 'leaves' | 'needs' | 'clears' | 'ineffective'
  /** Statements that the owner sends before, each in its own transaction; for `ineffective`, all in one. */
  readonly before?: readonly string[]
  /** The query that shows the state if the snapshot of the session does not. An error counts as an answer. */
  readonly look?: string
  /** Replaces an example with a number or a host that does not exist here. */
  readonly run?: string
  /** The SQLSTATE with which PostgreSQL 18 refuses the example in any session. */
  readonly refused?: string
  /** The extension that the server must have. */
  readonly extension?: Extension
  /** The reason for not running it. */
  readonly unproved?: string
  /** The values of its parameters. */
  readonly values?: readonly unknown[]
  /** Undoes its changes to the database, apart from objects that its user owns. */
  readonly undo?: readonly string[]
}

/** The circumstances of the examples of one rule. */
export interface OfRule {
  /** The extension that the server must have. */
  readonly extension?: Extension
  /** Sent after every example of the rule, including the safe ones. */
  readonly look?: string
  readonly examples?: Readonly<Record<string, Circumstances>>
  /** Further statements that the rule finds. */
  readonly unsafe?: readonly string[]
  /** Why there is no proof. */
  readonly unproved?: string
}
