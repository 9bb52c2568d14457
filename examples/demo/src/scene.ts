import { findPoolsafeError, UnsafeStatementError } from '@poolsafe/core'
import type { Servers } from './servers.ts'

/** One thing that goes wrong behind a transaction pooler: played without poolsafe, with it, and in its safe form. */
export interface Scene {
  readonly name: string
  readonly title: string
  /** For newcomers: what the application does, and what it expects. */
  readonly story: readonly string[]
  play(servers: Servers): Promise<SceneResult>
}

/** The results of this run. */
export interface SceneResult {
  /** Everything that was counted. */
  readonly figures: Readonly<Record<string, number>>
  /** The harm without poolsafe, the refusal with it, and the safe form: each with its figures, in a few words. */
  readonly harm: string
  readonly guarded: string
  readonly safe: string
  /** The errors of poolsafe, one of each kind. */
  readonly refusals: readonly Refusal[]
  /** True if the figures are what the scene is about: harm, no statement sent, no harm. */
  readonly held: boolean
}

/** An error of poolsafe, as plain data. */
export interface Refusal {
  readonly rule: string
  readonly message: string
  readonly instead: string
}

/** @throws the error itself where poolsafe is not its origin */
export function toRefusal(error: unknown): Refusal {
  const found = findPoolsafeError(error)
  if (!(found instanceof UnsafeStatementError)) throw error
  return { rule: found.rule, message: found.message, instead: found.findings[0]?.instead ?? '' }
}
