import { effectsIn, type Analysis } from '../analyze/analysis.ts'
import { removedByDiscardAll } from '../poolers/cells.ts'
import type { PoolerProfile } from '../poolers/profile.ts'
import type { SessionState } from '../rules/effect.ts'
import { carriedBy } from './judge.ts'

/** The state that a pooler keeps for one of its clients, and that a direct connection would not have. */
export interface Kept {
  /** Settings in lower case. Their present values can be read. */
  readonly settings: readonly string[]
  /** Other state, in the words of SQL: `CREATE TEMP TABLE`. */
  readonly other: readonly string[]
}

/** The settings that stand for a kind of state. */
const settingOf: { readonly [State in SessionState]?: string } = {
  role: 'role',
  'session-authorization': 'session_authorization',
}

/** Returns what a statement leaves that the pooler keeps for its client; `undefined` for most statements. */
export function keptBy(profile: PoolerProfile, analysis: Analysis): Kept | undefined {
  const settings: string[] = []
  const other: string[] = []
  for (const effect of effectsIn(analysis)) {
    const carried = effect.does === 'leaves' ? carriedBy(profile, effect) : undefined
    if (carried !== 'tracked' && carried !== 'pinned' && carried !== 'kept') continue
    const setting = effect.state === 'setting' ? effect.object : settingOf[effect.state]
    if (setting !== undefined) settings.push(setting)
    // A driver prepares a named statement again where the connection does not have it.
    else if (effect.state !== 'named-statement') other.push(effect.what)
  }
  return settings.length === 0 && other.length === 0 ? undefined : { settings, other }
}

const cleaned: ReadonlySet<SessionState> = new Set<SessionState>([...removedByDiscardAll, 'transaction', 'backend-pid'])

/** Returns true if a statement may leave state in its session that DISCARD ALL does not remove, such as a library. */
export function outlastsDiscard(analysis: Analysis): boolean {
  if (analysis.undecided !== undefined) return true
  return effectsIn(analysis).some(({ does, state }) => (does === 'leaves' && !cleaned.has(state)) || does === 'unknown')
}

/** Parameters that a server or a pooler reports and no client can set. */
const fixed = /^(?:server_|pgbouncer\.|is_superuser$|in_hot_standby$|integer_datetimes$|scram_iterations$)/

/**
 * Returns the parameters that a client has changed since its login, by what the server reports.
 *
 * @param login the parameters that the login reported
 * @param now the parameters that were reported last
 */
export function changedParameters(
  login: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(now).filter(([name, value]) => !fixed.test(name) && login[name] !== value))
}
