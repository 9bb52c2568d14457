import type { Effect } from './effect.ts'
import type { StatementText, TextToken } from '../sql/statement-text.ts'

/** Replaces a part of a text. Positions are UTF-16 units; `from` equals `to` for an insertion. */
export interface Edit {
  readonly from: number
  readonly to: number
  readonly text: string
}

/** The meaning of an edit for the parse tree. */
export interface TreeChange {
  readonly node: object
  /** The fields that get another value; `undefined` removes a field. */
  readonly fields: Readonly<Record<string, unknown>>
}

/** An advisory lock that a repaired statement takes or frees. */
export interface LockChange {
  readonly does: 'takes' | 'frees'
  /** Names the lock; `undefined` if a value is no plain key. */
  readonly lock: (parameters: readonly unknown[]) => string | undefined
  /** Set for a lock that the server may refuse: the column of the answer. */
  readonly tried?: { readonly name: string; readonly position: number }
  /** The changes of the text for this call alone. */
  readonly edits: readonly Edit[]
}

/** A change that makes a statement leave nothing after its transaction. */
export interface Change {
  /** For people: `SET → SET LOCAL`. */
  readonly how: string
  readonly edits: readonly Edit[]
  /**
   * The same change of the parse tree. The new text is sent only if PostgreSQL's grammar reads exactly this tree in it.
   */
  readonly tree: readonly TreeChange[]
  readonly locks?: readonly LockChange[]
}

/**
 * The result of a rule that looks at a node: a change, the reason why there is no exact one, or nothing if the node has
 * no effect. A reason continues the sentence "not repaired: …".
 */
export type Repaired = Change | string | undefined

/** A statement and what is sent in its place, in an open transaction. */
export interface RepairExample {
  readonly sql: string
  readonly sent: string
}

/**
 * How poolsafe removes what a transaction leaves: by a statement behind the COMMIT, in the same message. Deferred
 * triggers and cursors have run by then, so they see the session as the application has left it.
 */
export interface Clearing {
  /** Tests run them, and the documentation shows them. */
  readonly examples: readonly ClearingExample[]
  /** For people: `DEALLOCATE`. */
  readonly how: string
  /** Returns the statement that removes what an effect leaves; `undefined` if the text does not show its name. */
  readonly by: (effect: Effect) => string | undefined
}

/** A statement, and what is sent behind the end of its transaction. */
export interface ClearingExample {
  readonly sql: string
  readonly cleared: string
}

export function replace({ from, to }: TextToken, text: string): Edit {
  return { from, to, text }
}

export function insertAfter({ to }: TextToken, text: string): Edit {
  return { from: to, to, text }
}

export function insertBefore({ from }: TextToken, text: string): Edit {
  return { from, to: from, text }
}

export type { StatementText, TextToken }
