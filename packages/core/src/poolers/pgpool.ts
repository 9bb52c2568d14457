import { session } from './cells.ts'
import { pooler, type NoOptions, type Pooler } from './pooler.ts'

/**
 * Pgpool-II pools sessions: a client keeps its server connection until it disconnects, and DISCARD ALL follows. Source: its
 * documentation (connection pooling, restrictions) and sources of 2026-04.
 */
export const pgpool: Pooler<NoOptions> = pooler<NoOptions>(
  () => {
    const profile = session(
      'pgpool',
      'Pgpool-II (session pooling)',
      'docs: connection pooling, reset_query_list; not measured',
      {
        'backend-pid': [
          'leaks',
          'pool_auth.c: with several servers the login sends the process id of one of them; not measured',
        ],
        'random-seed': ['leaks', 'PostgreSQL: DISCARD ALL does not reset it for the next client'],
        library: ['leaks', 'PostgreSQL: DISCARD ALL leaves it loaded for the next client'],
      },
    )
    return {
      ...profile,
      claims: { pooler: 'Pgpool-II', mode: 'session' },
      notes: [
        'Its load balancing may send the statements of one session to different servers: a SELECT that names a temporary table in a literal may miss it (docs, restrictions)',
        'DISCARD ALL leaves what extensions, replication and backups keep, such as dblink connections: the next client of the server connection finds them',
        'pg_terminate_backend can trigger a failover of Pgpool-II (docs, restrictions)',
      ],
    }
  },
  { forms: [{}] },
)
