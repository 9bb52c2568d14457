/** What the server of `npm test` does not have; `libpq`: a way back to itself for connections that it opens. */
export type Extension = 'hypopg' | 'orafce' | 'set_user' | 'libpq'

/** What it takes to see what an example of a rule does. */
export interface Circumstances {
  /**
   * - `leaves`: a second client sees afterwards what the statement left
   * - `needs`: the statement answers otherwise than on the server connection where its owner left what it needs
   * - `clears`: what its owner left stays on the other server connection
   * - `ineffective`: the statement does in a transaction what it does not do alone
   *
   * @default 'leaves'
   */
  readonly does?: 'leaves' | 'needs' | 'clears' | 'ineffective'
  /** What the owner sends before, each statement in its own transaction. */
  readonly before?: readonly string[]
  /** The question that shows the state, where the snapshot of the session does not. */
  readonly look?: string
  /** What is run in place of an example that names a number or a host that is not here. */
  readonly run?: string
  /** The SQLSTATE with which PostgreSQL 18 refuses the example whatever the session: there is no more to be seen. */
  readonly refused?: string
  /** What the server must have for it. */
  readonly extension?: Extension
  /** Why it is not run. */
  readonly unproved?: string
  /** The values of its parameters. */
  readonly values?: readonly unknown[]
  /** Undoes what it did to the database, beside objects that its user owns. */
  readonly undo?: readonly string[]
}

/** The circumstances of the examples of one rule. */
export interface OfRule {
  /** What the server must have. */
  readonly extension?: Extension
  /** Asked after every example of the rule, the safe ones included. */
  readonly look?: string
  readonly examples?: Readonly<Record<string, Circumstances>>
  /** Further statements that the rule finds. */
  readonly unsafe?: readonly string[]
  /** Why there is no proof. */
  readonly unproved?: string
}
