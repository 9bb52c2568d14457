import type { PoolerProfile, RuleId } from '@poolsafe/core'
import { redact, type Analysis, type Engine } from '@poolsafe/core/adapter'
import type { Difference } from './inspector.ts'
import type { SessionState } from './snapshot.ts'
import type { TransactionRecord } from './transaction-record.ts'

/** A piece of session state that a transaction left, removed or missed. Plain data. */
export interface ReportedState {
  readonly kind: SessionState
  /** The name of the setting, table or channel; for a lock its mode. Never a value. */
  readonly object: string
  /** The rule for state of this kind; if a rule finds it in the statements, that one. */
  readonly rule: RuleId
  /**
   * `leaves`: it did not exist before the transaction; `clears`: it no longer exists; `needs`: the server reported that
   * it does not exist.
   */
  readonly does: 'leaves' | 'clears' | 'needs'
  /**
   * The source: an inspection of the session, the server's answer, or only the statement text, because the server does
   * not show this kind.
   */
  readonly seenIn: 'session' | 'answer' | 'text'
  /** True if no statement of the client says it: a function, a trigger or a procedure did it. */
  readonly isHidden: boolean
}

/** Session state of one transaction that the pooler's profile does not carry. Plain data. */
export interface HostileReport {
  /** Number of the transaction: they are counted from 1 as they end. */
  readonly seq: number
  /** The distinct statements of the transaction with literals replaced by `?`; at most 100. */
  readonly statements: readonly string[]
  readonly states: readonly [ReportedState, ...ReportedState[]]
  readonly database: string
  readonly user: string
  /** `application_name` in the client's startup packet. */
  readonly applicationName: string
}

/** True for state that the server shows to its own session. Other state is known from texts alone. */
const isShown: Readonly<Record<SessionState, boolean>> = {
  setting: true,
  role: true,
  'session-authorization': true,
  'sql-prepared-statement': true,
  'named-statement': true,
  listen: true,
  'temp-object': true,
  'advisory-lock': true,
  'held-cursor': true,
  'sequence-value': true,
  'random-seed': false,
  library: false,
  'large-object-descriptor': true,
  'replication-slot': true,
  'replication-origin': true,
  backup: false,
  'dblink-connection': false,
  'foreign-connection': false,
  'hypothetical-index': false,
  'session-variable': false,
  'package-state': false,
  'startup-parameter': true,
  'backend-pid': true,
  transaction: true,
}

/** Kinds that the server does not show. `clean` does not reuse a session that has any. */
export const unseen: ReadonlySet<SessionState> = new Set(
  (Object.keys(isShown) as SessionState[]).filter((state) => !isShown[state]),
)

/** The rule for a kind of state. */
const ruleOf: Readonly<Record<SessionState, RuleId>> = {
  setting: 'session/set',
  role: 'session/role',
  'session-authorization': 'session/role',
  'sql-prepared-statement': 'session/prepared-statement',
  'named-statement': 'session/named-statement',
  listen: 'session/listen',
  'temp-object': 'session/temp-object',
  'advisory-lock': 'session/advisory-lock',
  'held-cursor': 'session/held-cursor',
  'sequence-value': 'session/sequence-value',
  'random-seed': 'session/random-seed',
  library: 'session/load',
  'large-object-descriptor': 'transaction/large-object',
  'replication-slot': 'session/replication-slot',
  'replication-origin': 'session/replication-origin',
  backup: 'session/backup',
  'dblink-connection': 'session/dblink',
  'foreign-connection': 'session/foreign-connection',
  'hypothetical-index': 'session/hypothetical-index',
  'session-variable': 'session/variable',
  'package-state': 'session/package-state',
  transaction: 'transaction/left-open',
  'backend-pid': 'connection/cancel-by-pid',
  'startup-parameter': 'connection/startup-parameter',
}

type Effect = Analysis['steps'][number]['effects'][number]

/** Session state that the texts of a transaction mention. */
export function effectsOf(engine: Engine, { texts }: TransactionRecord): readonly Effect[] {
  return texts.flatMap((sql) => engine.peek(sql).steps.flatMap(({ effects }) => effects))
}

/** Returns the session state of a transaction that the profile does not carry, without duplicates. */
export function statesOf(
  differences: readonly Difference[],
  effects: readonly Effect[],
  record: TransactionRecord,
  profile: PoolerProfile,
): readonly ReportedState[] {
  const all = [
    ...differences.map((difference) => seenInSession(difference, effects, record)),
    ...seenInAnswers(effects, record),
    // The text does not show whether a failed transaction reached its statement.
    ...(record.hasFailed ? [] : seenInTexts(effects)),
  ]
  const first = new Map<string, ReportedState>()
  for (const state of all) {
    const key = [state.kind, state.object, state.does].join('\0')
    const isKnown =
      first.has(key) || (state.seenIn !== 'session' && all.some((other) => other !== state && isBetter(other, state)))
    if (!isKnown && !isCarried(state, profile)) first.set(key, state)
  }
  return [...first.values()]
}

/** A fact that was seen in the session itself needs no second witness. */
function isBetter(other: ReportedState, state: ReportedState): boolean {
  return other.seenIn === 'session' && other.kind === state.kind && other.does === state.does
}

function isCarried({ kind, object }: ReportedState, { carries, trackedSettings, settings }: PoolerProfile): boolean {
  const isTracked = kind === 'setting' && trackedSettings.has(object.toLowerCase())
  const carried = isTracked
    ? 'tracked'
    : ((kind === 'setting' ? settings?.[object.toLowerCase()] : undefined) ?? carries[kind])
  return carried === 'kept' || carried === 'tracked' || carried === 'pinned'
}

function seenInSession(
  { does, held: { state, object } }: Difference,
  effects: readonly Effect[],
  record: TransactionRecord,
): ReportedState {
  // A setting that is masked until the transaction ends leaves nothing. It does not say that another setting was left.
  const said = effects.filter((effect) => effect.state === state && effect.when !== 'unpinned' && effect.masks !== true)
  const effect = said.find((each) => each.object?.toLowerCase() === object.toLowerCase()) ?? said[0]
  const isHidden = effect === undefined && !(state === 'named-statement' && record.usesNames)
  return { kind: state, object, rule: effect?.rule ?? ruleOf[state], does, seenIn: 'session', isHidden }
}

/** Complaints that a missing piece of session state alone gives rise to, by SQLSTATE and the function that says it. */
function missedBy(code: string, routine: string, usesNames: boolean): SessionState | undefined {
  if (code === '26000') return usesNames ? 'named-statement' : 'sql-prepared-statement'
  if (code === '34000') return 'held-cursor'
  if (code === '55000' && /^(currval_oid|lastval)$/.test(routine)) return 'sequence-value'
  if (code === '55000' && routine === 'pg_backup_stop') return 'backup'
  if (code === '01000' && routine.startsWith('LockRelease')) return 'advisory-lock'
  return undefined
}

/** A syntax error, a missing privilege; a function, a table or a schema that does not exist. */
const lacking: ReadonlySet<string> = new Set(['42601', '42501', '42883', '42P01', '3F000'])

/**
 * Returns true if a complaint about a statement that needs some state is about that: what is temporary may be a
 * function, in a schema of its own.
 */
function tellsOf(state: SessionState, code: string): boolean {
  return !lacking.has(code) || (state === 'temp-object' && code !== '42601')
}

function seenInAnswers(effects: readonly Effect[], { complaints, usesNames }: TransactionRecord): ReportedState[] {
  const needs = effects.filter(({ does }) => does === 'needs')
  const answered = (kind: SessionState): ReportedState => {
    const effect = needs.find(({ state }) => state === kind)
    return {
      kind,
      object: '',
      rule: effect?.rule ?? ruleOf[kind],
      does: 'needs',
      seenIn: 'answer',
      isHidden: effect === undefined,
    }
  }
  const missed = complaints.flatMap(({ code, routine }) => missedBy(code, routine, usesNames) ?? [])
  const said = needs
    .filter(({ state }) => complaints.some(({ code }) => tellsOf(state, code)))
    .map(({ state }) => state)
  return [...new Set([...missed, ...said])].map(answered)
}

/** State that the same transaction takes back does not count. */
function seenInTexts(effects: readonly Effect[]): ReportedState[] {
  const isTakenBack = (state: SessionState, from: number): boolean => {
    return effects
      .slice(from + 1)
      .some((later) => later.state === state && (later.does === 'undoes' || later.does === 'clears'))
  }
  return effects.flatMap(({ state, does, rule, when }, at): ReportedState[] => {
    if (!unseen.has(state) || when === 'unpinned' || (does !== 'leaves' && does !== 'clears') || isTakenBack(state, at))
      return []
    return [{ kind: state, object: '', rule, does, seenIn: 'text', isHidden: false }]
  })
}

/** Statements for people; what {@link redact} leaves out must not be shown anywhere else. */
export function shownStatements({ texts }: TransactionRecord): string[] {
  return texts.map((sql) => redact(sql))
}
