import type { ListenStmt, UnlistenStmt } from '@pgsql/types'
import { notifications } from './helper.ts'
import type { Rule } from './rule.ts'

/** `LISTEN` subscribes one server session: its notifications go to whichever client holds that session then. */
export const listen: Rule<'session/listen'> = {
  id: 'session/listen',
  title: 'LISTEN needs a server session of its own',
  why: 'the server connection that registered the channel returns to the pooler at COMMIT. Notifications then reach another client, which ignores them, or no client, and no error is reported',
  instead:
    'open one client on the direct (unpooled) URL and LISTEN there; NOTIFY and pg_notify() can stay on the pooler',
  mentionsDirect: true,
  onDirect: {
    instead: 'LISTEN on a client of its own that stays connected; NOTIFY and pg_notify() can use any connection',
  },
  helpers: notifications,
  remedy: {
    pg: `// One client of its own, on the URL that bypasses the pooler.
const listener = new pg.Client({ connectionString: process.env.DIRECT_DATABASE_URL })
await listener.connect()
listener.on('notification', ({ channel, payload }) => console.log(channel, payload))
await listener.query('LISTEN orders')

// Sending stays on the pooler.
await pool.query("SELECT pg_notify('orders', $1)", [orderId])`,
  },
  examples: {
    unsafe: ['LISTEN orders', 'listen "Orders"', 'UNLISTEN orders', 'UNLISTEN *'],
    safe: ['NOTIFY orders', "NOTIFY orders, 'LISTEN orders'", "SELECT pg_notify('orders', '1')", 'SELECT 1 AS listen'],
  },
  firstWords: ['listen', 'unlisten'],
  on: {
    ListenStmt: ({ conditionname: channel = '' }: ListenStmt) => ({
      does: 'leaves',
      state: 'listen',
      what: `LISTEN ${channel}`,
      when: 'always',
      object: channel,
    }),
    UnlistenStmt: ({ conditionname: channel }: UnlistenStmt) => ({
      does: 'clears',
      state: 'listen',
      what: `UNLISTEN ${channel ?? '*'}`,
      when: 'always',
      ...(channel !== undefined && { object: channel }),
    }),
  },
}
