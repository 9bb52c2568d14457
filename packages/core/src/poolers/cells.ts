import type { SessionState } from '../rules/effect.ts'
import { carriesAll, type Carried, type PoolerProfile } from './profile.ts'

/** What a pooler does with one kind of session state, and how that is known. */
export type Cell = readonly [carried: Carried, source: string]

/** Cells of some kinds of session state. */
export type Cells = { readonly [State in SessionState]?: Cell }

/**
 * What DISCARD ALL removes (PostgreSQL's discard.c). The seed, loaded libraries and what extensions keep survive it.
 */
export const removedByDiscardAll: readonly SessionState[] = [
  'setting',
  'role',
  'session-authorization',
  'sql-prepared-statement',
  'named-statement',
  'listen',
  'temp-object',
  'advisory-lock',
  'held-cursor',
  'sequence-value',
]

/** The kinds that were looked at on real poolers (`test/integration/core/poolers`). */
export const measured: readonly SessionState[] = [...removedByDiscardAll, 'random-seed', 'library']

/** The kinds that only extensions, replication and backups know, and that were looked at as well (`docs/proofs.md`). */
export const proved: readonly SessionState[] = [
  'replication-slot',
  'replication-origin',
  'backup',
  'dblink-connection',
  'foreign-connection',
  'hypothetical-index',
  'package-state',
]

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

/** The names of the kinds are those of `carriesAll`. */
function sourcesAll(source: string): Record<SessionState, string> {
  const states = Object.keys(carriesAll('leaks')) as SessionState[]
  return Object.fromEntries(states.map((state) => [state, source])) as Record<SessionState, string>
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
