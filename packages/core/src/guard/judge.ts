import type { Analysis, DetectedEffect } from '../analyze/analysis.ts'
import { autocommit, inTransaction, settle } from '../checkout/transaction.ts'
import type { Carried, PoolerProfile } from '../poolers/profile.ts'
import type { CallSign } from '../rules/rule.ts'
import { ruleById, rules, type RuleId } from '../rules/index.ts'
import type { Context, Finding, Outcome } from './finding.ts'

/** The effects of what a call tells beside its text. */
export function effectsOfCall(sign: CallSign): DetectedEffect[] {
  return rules.flatMap((rule) => {
    const effect = rule.call?.[sign]?.()
    return effect === undefined ? [] : [{ ...effect, rule: rule.id }]
  })
}

const undecidedEffects = effectsOfCall('undecided')
const namedEffects = effectsOfCall('namedStatement')

/** What `inspect` tells of a text: what it does at once, and what it would leave behind if the transaction committed. */
export function judge(analysis: Analysis, pooler: PoolerProfile, context: Context): Finding[] {
  const { due, after } = settle(analysis, { sql: '' }, context.inTransaction === true ? inTransaction : autocommit)
  const effects = [...due, ...after.left].map(({ effect }) => effect)
  return judgeEffects([...effects, ...effectsBeside(analysis, context)], pooler, context)
}

/** The effects that are not in the text. */
export function effectsBeside(analysis: Analysis, { named }: Context): DetectedEffect[] {
  return [...undecidedIn(analysis), ...(named === true ? namedEffects : [])]
}

function undecidedIn({ undecided }: Analysis): DetectedEffect[] {
  return undecided === undefined
    ? []
    : undecidedEffects.map((effect) => Object.assign({}, effect, { what: `${effect.what} (${undecided})` }))
}

/** The only place where effects and profile meet: what this pooler does not carry of them. One finding a rule. */
export function judgeEffects(effects: readonly DetectedEffect[], pooler: PoolerProfile, context: Context): Finding[] {
  const findings = new Map<string, Finding>()
  for (const effect of effects) {
    const outcome = findings.has(effect.rule) ? undefined : outcomeOf(effect, pooler, context)
    if (outcome !== undefined) findings.set(effect.rule, toFinding(effect, outcome))
  }
  return [...findings.values()]
}

function outcomeOf(
  effect: DetectedEffect,
  pooler: PoolerProfile,
  { inTransaction: isOpen = false, pinned = true }: Context,
): Outcome | undefined {
  const isHeld = pinned || isOpen
  if (effect.when === 'unpinned' && isHeld) return undefined
  if (effect.does === 'ineffective') return 'ineffective'
  const carried = carriedBy(pooler, effect)
  if (carried === 'tracked') return undefined
  // Nobody holds a borrowed connection: the application's own pool gives it to the next caller, pooler or not.
  if (carried === 'kept') return isHeld ? undefined : outcomes[effect.does]
  return carried === 'leaks' ? outcomes[effect.does] : carried
}

function carriedBy(pooler: PoolerProfile, { state, object }: DetectedEffect): Carried {
  if (state === 'setting' && object !== undefined && pooler.trackedSettings.has(object)) return 'tracked'
  return pooler.carries[state]
}

/** Where nothing is carried: what stays behind leaks to strangers; what is asked for, or cleared, is on another connection. */
const outcomes = {
  leaves: 'leaks',
  needs: 'lost',
  clears: 'lost',
  undoes: undefined,
  ineffective: 'ineffective',
  unknown: 'unknown',
} as const

const consequences: Readonly<Record<Outcome, string>> = {
  leaks: 'stays on a server connection that other clients use next',
  lost: 'acts on whichever server connection it happens to reach',
  wiped: 'is wiped from the server connection when its transaction ends',
  rejected: 'is refused by the pooler',
  ignored: 'is ignored by the pooler',
  pinned: 'costs the pooler a server connection for as long as this client stays',
  ineffective: 'has no effect outside a transaction',
  unknown: 'may leave anything behind',
}

function toFinding(effect: DetectedEffect, outcome: Outcome): Finding {
  const { why, instead } = ruleById[effect.rule]
  const message = `${effect.what} ${consequences[outcome]}`
  return { rule: effect.rule, outcome, message, why, instead, docs: docsOf(effect.rule) }
}

/** The page of a rule, below the folder of the package. */
export function docsOf(rule: RuleId): string {
  return `docs/rules/${rule.replace('/', '-')}.md`
}
