import * as all from './all.ts'
import type { Rule } from './rule.ts'

/** The id of a rule. */
export type RuleId = (typeof all)[keyof typeof all]['id']

/** Every rule, ordered by id; by code unit, since a locale would start ICU: 5 ms of every import. */
export const rules: readonly Rule<RuleId>[] = Object.values(all).toSorted((a, b) => (a.id < b.id ? -1 : 1))

/** Every rule by its id. */
export const ruleById: Readonly<Record<RuleId, Rule<RuleId>>> = Object.fromEntries(
  rules.map((rule) => [rule.id, rule]),
) as Record<RuleId, Rule<RuleId>>
