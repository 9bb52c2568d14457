import type { RuleId } from '../rules/index.ts'
import type { Effect, Telltale } from '../rules/effect.ts'

/** An effect with the rule that found it. */
export interface DetectedEffect extends Effect {
  readonly rule: RuleId
}

/** The effect of one statement on the client's transaction. */
export interface Control {
  readonly does: 'begin' | 'commit' | 'rollback' | 'savepoint' | 'release' | 'rollback-to'
  /** The name of the savepoint. */
  readonly name?: string
  /** `AND CHAIN`: a new transaction begins at once. */
  readonly chains?: boolean
  /** `PREPARE TRANSACTION`: it ends the transaction for its session, and has no `AND CHAIN`. */
  readonly prepares?: true
}

/** One statement of a text. */
export interface Step {
  /** The index of the statement in its text, from 0. */
  readonly at: number
  readonly effects: readonly DetectedEffect[]
  readonly control?: Control
  /** In a text of several statements: only the end of the transaction follows. */
  readonly isLast?: true
  /** A statement without an effect that may fail stands between this step and the one before. */
  readonly followsDoubt?: true
  /** The schema of what it creates comes from the search path. */
  readonly creates?: true
  /** The statement may fail: before its first effect, or after it. */
  readonly mayFail?: 'before' | 'within'
}

/** An effect that the server's answer to one statement may show. */
export interface DetectedTelltale extends Telltale {
  readonly effect: DetectedEffect
  /** The index of the statement in its text, from 0. */
  readonly at: number
}

/** The server's answer to one statement. */
export interface Answer {
  /** The command tag, such as `COMMIT`, if the driver reports it. */
  readonly command?: string | undefined
  /** The rows, as objects or as arrays. */
  readonly rows?: readonly unknown[] | undefined
}

/** The effect of one text on session state, for any pooler and caller. */
export interface Analysis {
  /** The statements that have an effect, in the order of the text. */
  readonly steps: readonly Step[]
  /** The text has several statements, which PostgreSQL runs as one transaction without a BEGIN. */
  readonly isBatch: boolean
  /** Why the text could not be judged. Usually absent. */
  readonly undecided?: string
  /** The facts that the answers to its statements may show. Usually absent. */
  readonly telltales?: readonly DetectedTelltale[]
}

/** The analysis of every text that does not touch session state. It is one object, so adapters compare by identity. */
export const harmless: Analysis = Object.freeze({ steps: Object.freeze([]), isBatch: false })

/** Returns all effects of a text in its order, without regard to its transactions. */
export function effectsIn({ steps }: Analysis): DetectedEffect[] {
  return steps.flatMap(({ effects }) => effects)
}

/** Returns true if the text is one statement, which ends a transaction. */
export function ends({ steps, isBatch }: Analysis): boolean {
  const control = isBatch || steps.length !== 1 ? undefined : steps[0]?.control
  return control?.does === 'commit' || control?.does === 'rollback'
}

/** Returns true if the text commits a transaction. */
export function commits({ steps }: Analysis): boolean {
  return steps.some(({ control }) => control?.does === 'commit')
}

/** Returns true if `later` removes or finds what `earlier` left: the same object, or all of its kind. */
export function isLeftBy(earlier: DetectedEffect, later: DetectedEffect): boolean {
  if (earlier.does !== 'leaves' || earlier.state !== later.state) return false
  if (later.object === undefined) return earlier.isMasked !== true || later.masks === true
  if (earlier.object === later.object) return true
  // The name of a function, with any arguments.
  return later.object.endsWith('\0') && (earlier.object?.startsWith(later.object) ?? false)
}
