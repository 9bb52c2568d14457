import { session } from './cells.ts'
import { pooler, type NoOptions, type Pooler } from './pooler.ts'

/**
 * No pooler: connections to PostgreSQL itself, or to a pooler in session mode. The session belongs to the holder of the
 * connection. The application's own pool still moves `pool.query` between connections. Startup parameters count as
 * applied, although PgBouncer applies them in no mode.
 */
export const direct: Pooler<NoOptions> = pooler<NoOptions>(
  () => {
    return {
      ...session('direct', 'direct connection', 'PostgreSQL: a connection is a session'),
      isDirect: true,
    }
  },
  { forms: [{}] },
)
