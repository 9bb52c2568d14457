import { strictness } from './strict.ts'
import { ruleById } from '../rules/index.ts'
import type { Finding } from './finding.ts'
import type { GuardOptions, Mode } from './options.ts'

type Rules = NonNullable<GuardOptions['rules']>

/**
 * Returns what to do with a finding that was not repaired, and whose checkout did not move. In strict mode, a rule set
 * to `warn` throws too, unless the test has an exception.
 */
export function policyOn({ rule, outcome }: Finding, rules: Rules, mode: Mode): 'allow' | 'warn' | 'throw' {
  const given = rules[rule]
  // Pinned state works but has a cost, which is only reported on request.
  if (given === undefined && outcome === 'pinned') return 'allow'
  if (strictness.current !== undefined && given !== 'allow')
    return strictness.current.allows?.(rule) === true ? 'allow' : 'throw'
  if (given === 'allow' || given === 'warn' || given === 'throw') return given
  if (mode === 'strict') return 'throw'
  return given === undefined && ruleById[rule].strictOnly === true ? 'allow' : 'warn'
}

/**
 * Returns true if a finding is repaired where that is exact.
 *
 * @param mode the mode of the options: a strict test repairs what the application repairs
 */
export function repairsOn({ rule, outcome }: Finding, rules: Rules, mode: Mode): boolean {
  const given = rules[rule]
  if (given !== undefined && given !== 'direct') return given === 'repair'
  return mode === 'repair' && outcome !== 'pinned' && ruleById[rule].strictOnly !== true
}

/** Returns true if a guard may repair anything. */
export function mayRepair(rules: Rules, mode: Mode): boolean {
  return mode === 'repair' || Object.values(rules).includes('repair')
}

/** Returns true if a checkout moves to a direct connection because of a finding that was not repaired. */
export function movesOn({ rule, outcome }: Finding, rules: Rules, mode: Mode): boolean {
  const given = rules[rule]
  if (strictness.current?.allows?.(rule) === true) return false
  if (given !== undefined) return given === 'direct' || given === 'repair'
  return outcome !== 'pinned' && (mode === 'strict' || ruleById[rule].strictOnly !== true)
}
