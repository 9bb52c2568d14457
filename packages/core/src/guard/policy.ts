import { strictness } from './strict.ts'
import { ruleById } from '../rules/index.ts'
import type { Finding } from './finding.ts'
import type { GuardOptions, Mode, Policy } from './options.ts'

/**
 * Returns what to do with a finding. In strict mode, a rule set to `warn` throws too, unless the test has an exception.
 */
export function policyOn({ rule, outcome }: Finding, rules: NonNullable<GuardOptions['rules']>, mode: Mode): Policy {
  const given = rules[rule]
  // Pinned state works but has a cost, which is only reported on request.
  if (given === undefined && outcome === 'pinned') return 'allow'
  if (strictness.current !== undefined && given !== 'allow')
    return strictness.current.allows?.(rule) === true ? 'allow' : 'throw'
  if (given !== undefined) return given
  if (mode === 'strict') return 'throw'
  return ruleById[rule].strictOnly === true ? 'allow' : 'warn'
}
