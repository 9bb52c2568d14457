import { strictness } from './strict.ts'
import { ruleById } from '../rules/index.ts'
import type { Finding } from './finding.ts'
import type { GuardOptions, Mode, Policy } from './options.ts'

/**
 * What to do with a finding. While the process is strict, a rule that is set to warn throws as well, unless the test
 * has an exception for it.
 */
export function policyOn({ rule, outcome }: Finding, rules: NonNullable<GuardOptions['rules']>, mode: Mode): Policy {
  const given = rules[rule]
  // What is pinned works: it is a cost, which only who asks for it hears of.
  if (given === undefined && outcome === 'pinned') return 'allow'
  if (strictness.current !== undefined && given !== 'allow')
    return strictness.current.allows?.(rule) === true ? 'allow' : 'throw'
  if (given !== undefined) return given
  if (mode === 'strict') return 'throw'
  return ruleById[rule].strictOnly === true ? 'allow' : 'warn'
}
