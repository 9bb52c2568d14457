import { matchesGlob } from 'node:path'
import type { GuardOptions } from '@poolsafe/core'
import { matchStatement } from '@poolsafe/core/internal'
import type { Override } from '@poolsafe/config'
import type { CheckFinding } from './finding.ts'

/** Returns true for a finding that the configuration allows: by rule, by file, or by an exception for its statement. */
export type Allowed = (finding: CheckFinding) => boolean

/** @param only ids of rules; all others are allowed. Empty for none */
export function createAllowed(guard: GuardOptions, overrides: readonly Override[], only: readonly string[]): Allowed {
  const exceptions = (guard.exceptions ?? []).map(({ rule, statement }) => ({
    rules: typeof rule === 'string' ? [rule] : rule,
    matches: statement === undefined ? () => true : matchStatement(statement),
  }))
  return (finding) => {
    const { rule, path, sql } = finding
    if (only.length > 0 && !only.includes(rule)) return true
    const override = overrides.findLast(
      ({ files, rules }) => rule in rules && files.some((glob) => matchesGlob(path, glob)),
    )
    const policy = override?.rules[rule] ?? guard.rules?.[rule]
    if (policy !== undefined) return policy === 'allow'
    // As at run time: it works, but reserves a server connection.
    if (finding.outcome === 'pinned') return true
    return exceptions.some(({ rules, matches }) => rules.includes(rule) && matches(sql))
  }
}
