import { detect, type PoolerFacts } from './detect.ts'
import type { Claims, PoolerProfile } from './profile.ts'

/**
 * Describes how a profile contradicts the known facts of the connection; `undefined` without a contradiction. A habit
 * such as a port number contradicts nothing. The profile of a pooler may also guard a direct connection.
 */
export function contradictionOf({ claims = {} }: PoolerProfile, facts: PoolerFacts): string | undefined {
  const detected = detect(facts)
  if (detected === undefined || detected.certainty === 'possible') return undefined
  const { claims: known = {} } = detected.profile
  // Too strict for the connection: nothing unsafe passes unseen.
  if (claims.mode === 'transaction' && known.mode === 'session') return undefined
  const differing = Object.keys(claims).filter((name) => known[name] !== undefined && known[name] !== claims[name])
  if (differing.length === 0) return undefined
  return `it says ${listed(claims, differing)}, not ${listed(known, differing)}, while ${detected.because}`
}

function listed(claims: Claims, names: readonly string[]): string {
  return names.map((name) => `${name} ${claims[name]}`).join(' and ')
}
