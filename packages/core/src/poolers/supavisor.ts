import { checkBoolean, checkObject } from '../options.ts'
import { cells, type Cell } from './cells.ts'
import { pooler, type Pooler } from './pooler.ts'
import type { Carried, PoolerProfile } from './profile.ts'

/** Supavisor's own settings, as far as they decide what it carries in transaction mode. */
export interface SupavisorOptions {
  /** The feature flag `named_prepared_statements`. @default false */
  readonly namedPreparedStatements?: boolean
}

/** In session mode too. */
export const droppedAtStartup: Cell = ['ignored', 'source of 2.9.7 (db_handler.ex: send_startup); not measured']
/** A search_path in options is passed on. */
export const passedAtStartup: Readonly<Record<string, Carried>> = {
  options: 'tracked',
  search_path: 'tracked',
  replication: 'rejected',
}
const leaks: Cell = ['leaks', 'source of 2.9.7 (db_handler.ex: no clean-up in transaction mode); not measured']

/**
 * Supavisor in transaction mode. It tracks no setting at all, not even client_encoding.
 *
 * @throws InvalidOptionError for an option or a value that does not exist
 */
export const supavisor: Pooler<SupavisorOptions> = pooler<SupavisorOptions>(
  (options: SupavisorOptions = {}) => {
    return supavisorProfile('poolers.supavisor()', 'supavisor', '', options)
  },
  {
    forms: [{}, { namedPreparedStatements: true }],
    clues: [
      {
        by: 'port',
        matches: ({ port }) => port === '6543',
        certainty: 'possible',
        because: 'port 6543 is Supavisor’s',
      },
    ],
  },
)

/** Creates the profile of Supavisor for its own factory and for the services that run it. */
export function supavisorProfile(
  factory: string,
  name: string,
  prefix: string,
  options: SupavisorOptions,
): PoolerProfile {
  checkObject(factory, options, ['namedPreparedStatements'])
  const { namedPreparedStatements = false } = options
  const isOn = checkBoolean(`${factory}: namedPreparedStatements`, namedPreparedStatements)
  return {
    name,
    label: `${prefix}Supavisor, transaction mode`,
    ...cells(leaks, {
      'startup-parameter': droppedAtStartup,
      ...(isOn && {
        'named-statement': ['tracked', 'source: flag named_prepared_statements; not measured'],
        'sql-prepared-statement': [
          'rejected',
          'source: EPSSIMPLEQUERY, with the flag named_prepared_statements; not measured',
        ],
      }),
    }),
    trackedSettings: new Set(),
    claims: { pooler: 'Supavisor', mode: 'transaction' },
    startup: passedAtStartup,
    notes: [
      'The only startup parameter that Supavisor passes on is a search_path in options. Clients with the same value share a pool (source of 2.9.7)',
    ],
  }
}
