import { statementTimeout } from './helper.ts'
import type { Rule } from './rule.ts'

/**
 * A layer above the driver is ready to cancel the query that it sends, by the number that the login told. Only that is
 * found: a
 * `pg_cancel_backend` in a text takes its number from anywhere, mostly from pg_stat_activity, where it is right.
 */
export const cancelByPid: Rule<'connection/cancel-by-pid'> = {
  id: 'connection/cancel-by-pid',
  title: 'cancelling a query by the process id of its login',
  why: 'the process id that a pooler sends at login does not belong to a server process. pg_cancel_backend and pg_terminate_backend find no process, or one that serves another client, and the aborted query keeps its locks and its server connection',
  instead:
    'let the server end the query: SET LOCAL statement_timeout in its transaction, or ALTER ROLE … SET. To cancel it, use the protocol’s CancelRequest, which poolers forward and which Kysely sends over a pool that guardPool guards; or use a direct connection',
  mentionsDirect: true,
  onDirect: {
    instead:
      'let the server end the query: SET LOCAL statement_timeout in its transaction, or ALTER ROLE … SET. To cancel it, use the protocol’s CancelRequest, which Kysely sends over a pool that guardPool guards',
  },
  helpers: [statementTimeout],
  remedy: {
    kysely: `const rows = await db
  .selectFrom('orders')
  .selectAll()
  // Without an inflightQueryAbortStrategy Kysely stops waiting, and leaves the query to its limit.
  .execute({ signal })`,
    sql: `BEGIN;
SET LOCAL statement_timeout = '5s';
SELECT * FROM orders;
COMMIT;`,
  },
  examples: {
    unsafe: [],
    safe: [
      "BEGIN; SET LOCAL statement_timeout = '5s'; COMMIT",
      "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query_start < now() - interval '1 day'",
    ],
  },
  call: {
    cancelByPid: () => ({
      does: 'needs',
      state: 'backend-pid',
      what: 'cancelling by the process id of the login',
      when: 'always',
    }),
  },
}
