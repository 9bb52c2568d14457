import { session } from './cells.ts'
import { pooler, type NoOptions, type Pooler } from './pooler.ts'

/** Pgpool-II pools sessions: a client has its server connection to itself until it leaves, and DISCARD ALL follows. */
export const pgpool: Pooler<NoOptions> = pooler<NoOptions>(
  () => {
    const profile = session('pgpool', 'Pgpool-II (session pooling)', 'docs: connection pooling, reset_query_list', {
      'backend-pid': ['leaks', 'assumed: not measured'],
      'random-seed': ['leaks', 'PostgreSQL: DISCARD ALL does not reset it for the next client'],
    })
    return {
      ...profile,
      claims: { pooler: 'Pgpool-II', mode: 'session' },
      notes: [
        'Its load balancing may send statements of one session to different servers, which is another matter (docs)',
      ],
    }
  },
  { forms: [{}] },
)
