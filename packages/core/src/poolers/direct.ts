import { session } from './cells.ts'
import { pooler, type NoOptions, type Pooler } from './pooler.ts'

/**
 * No pooler: connections that go to PostgreSQL itself, or to a pooler in session mode. The session belongs to whoever
 * holds the connection; the application's own pool still moves `pool.query` between connections. Startup parameters
 * count as applied, which no PgBouncer does, whatever its mode.
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
