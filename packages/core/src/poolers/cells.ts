import type { SessionState } from '../rules/effect.ts'
import { carriesAll, type Carried, type PoolerProfile } from './profile.ts'

/** The handling of one kind of session state by a pooler, and the source of that fact. */
export type Cell = readonly [carried: Carried, source: string]

/** Cells of some kinds of session state. */
export type Cells = { readonly [State in SessionState]?: Cell }

/**
 * - `discarded`: DISCARD ALL removes it (PostgreSQL's discard.c); looked at on real poolers
 * - `kept`: it survives DISCARD ALL; looked at on real poolers
 * - `proved`: only extensions, replication and backups know it; looked at in `docs/proofs.md`
 * - `other`: not looked at
 */
const kinds: Readonly<Record<SessionState, 'discarded' | 'kept' | 'proved' | 'other'>> = {
  setting: 'discarded',
  role: 'discarded',
  'session-authorization': 'discarded',
  'sql-prepared-statement': 'discarded',
  'named-statement': 'discarded',
  listen: 'discarded',
  'temp-object': 'discarded',
  'advisory-lock': 'discarded',
  'held-cursor': 'discarded',
  'sequence-value': 'discarded',
  'random-seed': 'kept',
  library: 'kept',
  'replication-slot': 'proved',
  'replication-origin': 'proved',
  backup: 'proved',
  'dblink-connection': 'proved',
  'foreign-connection': 'proved',
  'hypothetical-index': 'proved',
  'package-state': 'proved',
  'large-object-descriptor': 'other',
  'session-variable': 'other',
  'startup-parameter': 'other',
  'backend-pid': 'other',
  transaction: 'other',
}

const allStates = Object.keys(kinds) as SessionState[]

/** The state that DISCARD ALL removes. The seed, loaded libraries and state of extensions survive it. */
export const removedByDiscardAll: readonly SessionState[] = allStates.filter((state) => kinds[state] === 'discarded')

/** The kinds that were looked at on real poolers (`test/integration/core/poolers`). */
export const measured: readonly SessionState[] = [
  ...removedByDiscardAll,
  ...allStates.filter((state) => kinds[state] === 'kept'),
]

/** The kinds that only extensions, replication and backups know, and that were looked at as well (`docs/proofs.md`). */
export const proved: readonly SessionState[] = allStates.filter((state) => kinds[state] === 'proved')

/** The settings that every pooler with a fixed list restores: what PostgreSQL reports to its clients since long ago. */
export const reportedSettings: readonly string[] = [
  'client_encoding',
  'datestyle',
  'timezone',
  'standard_conforming_strings',
  'application_name',
]

/** The same cell for several kinds. */
export function each(states: readonly SessionState[], cell: Cell): Cells {
  return Object.fromEntries(states.map((state) => [state, cell]))
}

/** The cells of a profile: some in particular, all others alike. */
export function cells(
  [otherwise, source]: Cell,
  particular: Cells = {},
): Required<Pick<PoolerProfile, 'carries' | 'sources'>> {
  const carries = { ...carriesAll(otherwise) }
  const sources = {
    ...sourcesAll(source),
    transaction: 'the application’s own pool gives the released connection to the next caller',
    'large-object-descriptor': 'PostgreSQL closes descriptors when the transaction ends',
  }
  for (const [state, [carried, itsSource]] of Object.entries(particular) as [SessionState, Cell][]) {
    carries[state] = carried
    sources[state] = itsSource
  }
  return { carries, sources }
}

function sourcesAll(source: string): Record<SessionState, string> {
  return Object.fromEntries(allStates.map((state) => [state, source])) as Record<SessionState, string>
}

/** A client that has the server connection to itself for as long as it stays. */
export function session(name: string, label: string, source: string, particular: Cells = {}): PoolerProfile {
  return {
    name,
    label,
    ...cells(['kept', source], particular),
    trackedSettings: new Set(),
    claims: { mode: 'session' },
  }
}
