import type { DetectedEffect } from '../analyze/analysis.ts'
import { survivesRollback } from '../rules/effect.ts'
import type { Source } from './source.ts'
import type { Left } from './state.ts'

/** Returns true for state that no rollback removes, and that is due at the end of its text. */
export function survives({ effect }: Left): boolean {
  return effect.isRepaired !== true && survivesRollback.has(effect.state)
}

/** Returns true for state that is still there after a rollback, also if the end of its transaction will clear it. */
export function outlasts(entry: Left): boolean {
  const { isRepaired, clearing, state } = entry.effect
  return (isRepaired !== true || clearing !== undefined) && survivesRollback.has(state)
}

function isSame(one: DetectedEffect, other: DetectedEffect): boolean {
  return one.rule === other.rule && one.does === other.does && one.state === other.state && one.object === other.object
}

/** Returns true if the report about `earlier` also covers `later`. */
export function isCovered(earlier: Left, later: Left): boolean {
  return (
    isSame(earlier.effect, later.effect) &&
    (earlier.effect.isRepaired !== true || later.effect.isRepaired === true) &&
    (earlier.source.isExcepted !== true || isAllowedAlike(earlier.source, later.source))
  )
}

function isAllowedAlike(one: Source, other: Source): boolean {
  const { scopes = [] } = one
  return (
    one.sql === other.sql &&
    scopes.length === (other.scopes ?? []).length &&
    scopes.every((scope, at) => scope === other.scopes?.[at])
  )
}
