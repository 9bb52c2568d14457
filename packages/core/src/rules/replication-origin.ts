import type { Effect } from './effect.ts'
import type { FunctionCall } from '../sql/function-call.ts'
import type { Rule } from './rule.ts'

function effect(does: Effect['does']): (call: FunctionCall) => Effect {
  return ({ name }) => ({ does, state: 'replication-origin', what: name, when: 'always' })
}

const needs = effect('needs')

/**
 * A session that replays changes says where they come from; everything that it writes from then on is marked with it.
 */
export const replicationOrigin: Rule<'session/replication-origin'> = {
  id: 'session/replication-origin',
  title: 'a replication origin is set for one server session',
  why: 'the origin stays on the server connection through COMMIT, ROLLBACK and DISCARD ALL. Writes of other clients there count as replicated from it, and no other session can use the origin',
  instead: 'use a direct connection to replay changes: the origin stays even if the transaction that set it up fails',
  mentionsDirect: true,
  onDirect: {
    instead:
      'set up, use and reset the origin on one connection: it stays even if the transaction that set it up fails',
  },
  remedy: {
    pg: `const direct = new pg.Client({ connectionString: process.env.DIRECT_URL })
await direct.connect()
await direct.query("SELECT pg_replication_origin_session_setup('node_a')")
await direct.query("BEGIN; SELECT pg_replication_origin_xact_setup('0/1', now()); INSERT INTO orders (item) VALUES ('book'); COMMIT")`,
  },
  examples: {
    unsafe: [
      "SELECT pg_replication_origin_session_setup('node_a')",
      'SELECT pg_replication_origin_session_reset()',
      'SELECT pg_replication_origin_session_is_setup()',
      'SELECT pg_replication_origin_session_progress(false)',
      "SELECT pg_replication_origin_xact_setup('0/1', now())",
      "BEGIN; SELECT pg_replication_origin_session_setup('node_a'); ROLLBACK",
    ],
    safe: [
      "SELECT pg_replication_origin_create('node_a')",
      "SELECT pg_replication_origin_oid('node_a')",
      "SELECT pg_replication_origin_session_setup('node_a'); SELECT pg_replication_origin_xact_setup('0/1', now()); SELECT pg_replication_origin_session_reset()",
    ],
  },
  functions: {
    pg_replication_origin_session_setup: effect('leaves'),
    pg_replication_origin_session_reset: effect('clears'),
    pg_replication_origin_session_is_setup: needs,
    pg_replication_origin_session_progress: needs,
    pg_replication_origin_xact_setup: needs,
    pg_replication_origin_xact_reset: needs,
  },
}
