import { detect, type PoolerFacts } from './detect.ts'
import type { Claims, PoolerProfile } from './profile.ts'

/**
 * How a profile differs from what is known of the connection, in words; `undefined` where nothing is known that speaks
 * against it. A habit of others, such as a port number, speaks against nothing, and a profile of a pooler may watch a
 * direct connection.
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
