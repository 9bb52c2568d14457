import type { RuleId } from '../rules/index.ts'
import type { Effect } from './effects.ts'

/** An effect with the rule that found it. */
export interface DetectedEffect extends Effect {
  readonly rule: RuleId
}

/** What one text does to session state, whatever the pooler and the caller. */
export interface Analysis {
  readonly effects: readonly DetectedEffect[]
  /** How the text leaves the client's transaction: open, closed, or as it was. */
  readonly transaction: 'opens' | 'closes' | 'keeps'
  /** Why the text could not be judged; absent nearly always. */
  readonly undecided?: string
}

/** The analysis of every text that does nothing to session state: one object, so that adapters can compare by identity. */
export const harmless: Analysis = Object.freeze({ effects: Object.freeze([]), transaction: 'keeps' })
