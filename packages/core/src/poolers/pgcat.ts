import { checkBoolean, checkObject, checkWholeNumber } from '../options.ts'
import { cells, each, reportedSettings, type Cell } from './cells.ts'
import { pooler, type Pooler } from './pooler.ts'

/** pgcat's own settings, as far as they decide what it carries in transaction mode. */
export interface PgcatOptions {
  /** `prepared_statements_cache_size` of pgcat.toml. @default 0 */
  readonly preparedStatementsCacheSize?: number
  /** `cleanup_server_connections` of the pool in pgcat.toml. @default true */
  readonly cleanupServerConnections?: boolean
}

const leaks: Cell = ['leaks', 'source of 2025-02; not measured']
const wiped: Cell = [
  'wiped',
  'server.rs (RESET ROLE; RESET ALL; DEALLOCATE ALL, by the tag of the answer); not measured',
]

/**
 * pgcat in transaction mode.
 *
 * @throws InvalidOptionError for an option or a value that does not exist
 */
export const pgcat: Pooler<PgcatOptions> = pooler<PgcatOptions>(
  (options: PgcatOptions = {}) => {
    checkObject('poolers.pgcat()', options, ['preparedStatementsCacheSize', 'cleanupServerConnections'])
    const { preparedStatementsCacheSize = 0, cleanupServerConnections = true } = options
    const cleans = checkBoolean('poolers.pgcat(): cleanupServerConnections', cleanupServerConnections)
    const size = checkWholeNumber('poolers.pgcat(): preparedStatementsCacheSize', preparedStatementsCacheSize, 0)
    return {
      name: 'pgcat',
      label: 'pgcat, transaction mode',
      ...cells(leaks, {
        ...(cleans && each(['setting', 'role', 'sql-prepared-statement'], wiped)),
        'session-authorization': ['leaks', 'PostgreSQL: RESET ALL does not reset it'],
        'backend-pid': ['leaks', 'source: the login sends a random number; not measured'],
        'startup-parameter': ['ignored', 'source: pgcat keeps the parameters that it tracks; not measured'],
        ...(size > 0 && { 'named-statement': ['tracked', 'source: prepared_statements_cache_size; not measured'] }),
      }),
      trackedSettings: new Set(reportedSettings),
      claims: { pooler: 'pgcat', mode: 'transaction' },
      byRule: { 'session/set-config': 'leaks' },
      notes: [
        'pgcat cleans up after an answer with the tag SET outside a transaction. The answer of set_config has the tag SELECT, so its value stays (server.rs)',
      ],
    }
  },
  { forms: [{}, { cleanupServerConnections: false }] },
)
