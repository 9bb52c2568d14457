import type { Analysis, DetectedEffect } from '../analyze/analysis.ts'
import { settle } from '../transaction/settle.ts'
import { autocommit, inTransaction } from '../transaction/state.ts'
import type { Effect, SessionState } from '../rules/effect.ts'
import type { Carried, PoolerProfile } from '../poolers/profile.ts'
import { helpsWith } from '../rules/helper.ts'
import type { CallSign } from '../rules/rule.ts'
import { ruleById, rules, type RuleId } from '../rules/index.ts'
import type { Context, Finding, Outcome } from './finding.ts'

/** Returns the effects that follow from how a statement is sent, apart from its text. */
export function effectsOfCall(sign: CallSign, name = ''): DetectedEffect[] {
  return rules.flatMap((rule) => {
    const effect = rule.call?.[sign]?.(name)
    return effect === undefined ? [] : [{ ...effect, rule: rule.id }]
  })
}

const undecidedEffects = effectsOfCall('undecided')
const namedEffects = effectsOfCall('namedStatement')

/**
 * Returns the findings for `inspect`: the immediate ones, and what the text would leave behind if the transaction
 * committed.
 */
export function judge(analysis: Analysis, pooler: PoolerProfile, context: Context): Finding[] {
  return judgeEffects([...effectsLeft(analysis, context), ...effectsBeside(analysis, context)], pooler, context)
}

/** Returns the effects that a text has in this context, without what it takes back. */
export function effectsLeft(analysis: Analysis, { inTransaction: isOpen }: Context): DetectedEffect[] {
  const { due, after } = settle(analysis, { sql: '' }, isOpen === true ? inTransaction : autocommit)
  return [...due, ...after.left].map(({ effect }) => effect)
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

/**
 * Returns the effects that the pooler does not carry, one finding for each rule. The only place where effects and
 * profile meet.
 */
export function judgeEffects(effects: readonly DetectedEffect[], pooler: PoolerProfile, context: Context): Finding[] {
  const findings = new Map<string, Finding>()
  for (const effect of effects) {
    const outcome = findings.has(effect.rule) ? undefined : outcomeOf(effect, pooler, context)
    if (outcome !== undefined)
      findings.set(effect.rule, toFinding(effect, outcome, pooler, isHandedOn(effect, pooler, context)))
  }
  return [...findings.values()]
}

function isHeld({ inTransaction: isOpen = false, pinned = true }: Context): boolean {
  return pinned || isOpen
}

/**
 * A borrowed connection is not held: the application's own pool passes it to the next caller, independently of the
 * pooler.
 */
function isHandedOn(effect: DetectedEffect, pooler: PoolerProfile, context: Context): boolean {
  const carried = carriedBy(pooler, effect)
  return (carried === 'kept' || carried === 'pinned') && effect.told === undefined && !isHeld(context)
}

function outcomeOf(effect: DetectedEffect, pooler: PoolerProfile, context: Context): Outcome | undefined {
  if (effect.told !== undefined) return effect.told.outcome
  if (effect.when === 'unpinned' && isHeld(context)) return undefined
  if (effect.does === 'ineffective') return 'ineffective'
  const carried = carriedBy(pooler, effect)
  if (carried === 'tracked') return undefined
  if (isHandedOn(effect, pooler, context)) return outcomes[effect.does].leaks
  return carried === 'kept' ? undefined : outcomes[effect.does][carried]
}

/** Returns what a pooler does with the state that an effect is about. */
export function carriedBy(profile: PoolerProfile, { rule, state, object }: DetectedEffect): Carried {
  const { carries, trackedSettings, settings, byRule } = profile
  if (state === 'startup-parameter' && object !== undefined) return carriedAtStartup(profile, object)
  const setting = state === 'setting' ? object : undefined
  if (setting !== undefined && trackedSettings.has(setting)) return 'tracked'
  return byRule?.[rule] ?? (setting === undefined ? undefined : settings?.[setting]) ?? carries[state]
}

function carriedAtStartup({ carries, trackedSettings, startup = {} }: PoolerProfile, name: string): Carried {
  const particular = startup[name] ?? (name.includes('.') ? startup['*.*'] : undefined)
  return particular ?? (trackedSettings.has(name) ? 'tracked' : carries['startup-parameter'])
}

type NotCarried = Exclude<Carried, 'kept' | 'tracked'>

const alike = (outcome: Outcome | undefined): Record<NotCarried, Outcome | undefined> => {
  return { leaks: outcome, wiped: outcome, pinned: outcome, rejected: outcome, ignored: outcome }
}

/**
 * State that remains leaks to other clients; state that is needed or cleared is on another connection. A pooler that
 * wipes leaves nothing to clear.
 */
const outcomes: Readonly<Record<Effect['does'], Readonly<Record<NotCarried, Outcome | undefined>>>> = {
  leaves: { leaks: 'leaks', wiped: 'wiped', pinned: 'pinned', rejected: 'rejected', ignored: 'ignored' },
  needs: { leaks: 'lost', wiped: 'wiped', pinned: 'pinned', rejected: 'rejected', ignored: 'ignored' },
  clears: { leaks: 'lost', wiped: 'ineffective', pinned: 'pinned', rejected: 'rejected', ignored: 'ignored' },
  undoes: alike(undefined),
  ineffective: alike('ineffective'),
  unknown: alike('unknown'),
}

const consequences: Readonly<Record<Outcome, string>> = {
  leaks: 'stays on a server connection that other clients use next',
  lost: 'may run on a different server connection than the one that holds your state',
  wiped: 'is removed from the server connection when its transaction ends',
  rejected: 'is refused by the pooler',
  ignored: 'is ignored by the pooler, which reports success',
  pinned: 'makes the pooler reserve a server connection for this client until it disconnects',
  ineffective: 'has no effect outside a transaction',
  unknown: 'may leave session state behind',
}

/** Consequences for statements that need or clear state, if they differ from those that leave state. */
const consequencesOf: { readonly [Does in Effect['does']]?: { readonly [O in Outcome]?: string } } = {
  needs: {
    wiped: 'needs state that is gone from the server connection once a transaction has ended',
    pinned: 'works, on the server connection that the pooler reserves for this client',
  },
  clears: {
    ineffective: 'has nothing to clear: the pooler removes this state when a transaction ends',
    pinned: 'works, on the server connection that the pooler reserves for this client',
  },
}

/** Consequences on a connection that was borrowed for one statement. */
const handedOn: { readonly [O in Outcome]?: string } = {
  leaks: 'stays on a connection that the application’s own pool gives to the next caller',
  lost: 'may run on a different connection of the application’s own pool than the one that holds your state',
}
const whyHandedOn =
  'the statement borrowed a connection for itself alone (pool.query), and the application’s own pool gives that connection to the next caller as it is'

const whyPinned =
  'the pooler reserves this server connection for this client until it disconnects. The state stays private, and the pooler cannot share the connection'

/** Consequences for kinds of state that are not part of a server session. */
const consequencesFor: { readonly [State in SessionState]?: { readonly [O in Outcome]?: string } } = {
  'backend-pid': { lost: 'reaches no query, or the query of another client' },
  // The application's own pool passes the connection on, with any pooler or none.
  transaction: { leaks: 'stays open on a connection that the application’s own pool gives to the next caller' },
}

function toFinding(effect: DetectedEffect, outcome: Outcome, pooler: PoolerProfile, onBorrowed: boolean): Finding {
  const { why, instead } = textsOf(effect.rule, pooler)
  const ofBorrowed = onBorrowed ? handedOn[outcome] : undefined
  return {
    rule: effect.rule,
    outcome,
    message: `${[...(effect.via ?? []), effect.what].join(' → ')} ${ofBorrowed ?? consequenceOf(effect, outcome)}`,
    why: ofBorrowed === undefined ? (outcome === 'pinned' ? whyPinned : why) : whyHandedOn,
    instead:
      ofBorrowed === undefined
        ? instead
        : `hold one connection for as long as you need the state (pool.connect()); or ${instead}`,
    helpers: helpersWith(effect),
    ...(effect.via !== undefined && { via: [...effect.via, effect.what] }),
    docs: pages[effect.rule],
  }
}

function consequenceOf({ told, does, state }: DetectedEffect, outcome: Outcome): string {
  return (
    told?.consequence ?? consequencesFor[state]?.[outcome] ?? consequencesOf[does]?.[outcome] ?? consequences[outcome]
  )
}

/** The rule's texts for this profile. A service may have its own name for a direct connection. */
function textsOf(
  id: RuleId,
  { isDirect, directConnection }: PoolerProfile,
): { readonly why: string; readonly instead: string } {
  const { why, instead, mentionsDirect, onDirect } = ruleById[id]
  if (isDirect === true) return { why, instead, ...onDirect }
  const isNamed = directConnection !== undefined && mentionsDirect === true
  return { why, instead: isNamed ? `${instead} (direct: ${directConnection})` : instead }
}

function helpersWith(effect: DetectedEffect): Finding['helpers'] {
  const { helpers = [] } = ruleById[effect.rule]
  return helpers.filter((use) => helpsWith(use, effect)).map(({ helper }) => helper)
}

/** A finding is made for each unsafe statement, so its page is made once. */
const pages = Object.fromEntries(rules.map(({ id }) => [id, docsOf(id)])) as Readonly<Record<RuleId, string>>

/** The page of a rule, below the folder of the package. */
export function docsOf(rule: RuleId): string {
  return `docs/rules/${rule.replace('/', '-')}.md`
}
