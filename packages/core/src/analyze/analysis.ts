import type { RuleId } from '../rules/index.ts'
import type { Effect, Telltale } from '../rules/effect.ts'

/** An effect with the rule that found it. */
export interface DetectedEffect extends Effect {
  readonly rule: RuleId
}

/** What one statement does to the client's transaction. */
export interface Control {
  readonly does: 'begin' | 'commit' | 'rollback' | 'savepoint' | 'release' | 'rollback-to'
  /** The savepoint. */
  readonly name?: string
  /** `AND CHAIN`: a new transaction begins at once. */
  readonly chains?: boolean
}

/** One statement of a text. */
export interface Step {
  readonly effects: readonly DetectedEffect[]
  readonly control?: Control
  /** Of several statements: nothing follows it but the end of its transaction. */
  readonly isLast?: true
  /** A statement since the step before, which has no effect itself, may fail. */
  readonly followsDoubt?: true
  /** The statement may fail: before it has had any effect, or when it has had some already. */
  readonly mayFail?: 'before' | 'within'
}

/** What the server's answer to one statement of a text would tell. */
export interface DetectedTelltale extends Telltale {
  readonly effect: DetectedEffect
  /** Which statement of the text it is, from 0. */
  readonly at: number
}

/** What the server answered to one statement. */
export interface Answer {
  /** `COMMIT`, where the driver tells. */
  readonly command?: string | undefined
  /** As objects or as arrays. */
  readonly rows?: readonly unknown[] | undefined
}

/** What one text does to session state, whatever the pooler and the caller. */
export interface Analysis {
  /** The statements that do anything, in the order of the text. */
  readonly steps: readonly Step[]
  /** Whether there are several statements: PostgreSQL then runs them as one transaction, without any BEGIN. */
  readonly isBatch: boolean
  /** Why the text could not be judged; absent nearly always. */
  readonly undecided?: string
  /** What the answers to its statements would tell; absent nearly always. */
  readonly telltales?: readonly DetectedTelltale[]
}

/**
 * The analysis of every text that does nothing to session state: one object, so that adapters can compare by identity.
 */
export const harmless: Analysis = Object.freeze({ steps: Object.freeze([]), isBatch: false })

/** All effects of a text, in its order, whatever becomes of its transaction. */
export function effectsIn({ steps }: Analysis): DetectedEffect[] {
  return steps.flatMap(({ effects }) => effects)
}

/** Whether the text commits a transaction. */
export function commits({ steps }: Analysis): boolean {
  return steps.some(({ control }) => control?.does === 'commit')
}
