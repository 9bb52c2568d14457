import {
  createGuard,
  rules,
  type Context,
  type Outcome,
  type PoolerProfile,
  type Rule,
  type RuleId,
} from '@poolsafe/core'
import type { Circumstances, Extension } from './circumstance.ts'
import { circumstances } from './circumstances.ts'

/** One example of a rule, and how it is run. */
export interface Subject {
  readonly rule: RuleId
  readonly isSafe: boolean
  /** As it stands in the rule. */
  readonly sql: string
  /** The texts that are run. */
  readonly text: string
  readonly context: Context
  readonly given: Circumstances
  /** A question of the rule that shows its state, for examples that must leave none. */
  readonly asks: string | undefined
  /** A PostgreSQL user for it alone, and so a separate pool. */
  readonly user: string
}

/** Scenes prove what the calls of drivers show beside their text. */
const ofCalls: ReadonlySet<RuleId> = new Set([
  'session/named-statement',
  'transaction/unpinned',
  'transaction/left-open',
  'transaction/outside-handle',
  'connection/used-after-release',
])

/** The examples of all rules that can be run one by one. */
export function subjects(has: (extension: Extension) => boolean): Subject[] {
  return rules
    .filter(({ id }) => !ofCalls.has(id) && circumstances[id]?.unproved === undefined)
    .flatMap((rule) => ofRule(rule, false).concat(ofRule(rule, true)))
    .filter(({ rule, given: { unproved, extension = circumstances[rule]?.extension } }) => {
      return unproved === undefined && (extension === undefined || has(extension))
    })
    .map((subject, index) => Object.assign(subject, { user: `proof_${index}` }))
}

function ofRule({ id, examples: { unsafe, safe } }: Rule<RuleId>, isSafe: boolean): Omit<Subject, 'user'>[] {
  const { look, examples = {}, unsafe: more = [] } = circumstances[id] ?? {}
  const all = [...(isSafe ? safe : unsafe), ...(isSafe ? [] : more)]
  return all.map((example) => {
    const { sql, ...context } = typeof example === 'string' ? { sql: example } : example
    const given = { ...(look !== undefined && !isSafe && { look }), ...examples[sql] }
    return { rule: id, isSafe, sql, text: given.run ?? sql, context, given, asks: isSafe ? look : undefined }
  })
}

/** The guard's verdict on a subject behind a pooler: the outcome for its own rule, and every rule that it names. */
export function verdict(
  { rule, text, context }: Subject,
  pooler: PoolerProfile,
): { outcome: Outcome | undefined; rules: RuleId[] } {
  const { findings } = createGuard({ mode: 'strict', pooler }).inspect(text, context)
  return {
    outcome: findings.find((finding) => finding.rule === rule)?.outcome,
    rules: findings.map((finding) => finding.rule),
  }
}
