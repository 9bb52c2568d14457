import type { Effect } from '../analyze/effects.ts'
import type { FunctionCall } from '../analyze/function-call.ts'
import type { Rule } from './rule.ts'

/** Inside a transaction the value is that of the transaction's own nextval, on the same server session. */
function reads({ name }: FunctionCall): Effect {
  return { does: 'needs', state: 'sequence-value', what: name, when: 'autocommit' }
}

/** `currval` and `lastval` answer for the server session, not for the client. */
export const sequenceValue: Rule<'session/sequence-value'> = {
  id: 'session/sequence-value',
  title: 'currval and lastval read the server session',
  why: 'they return the last value drawn on that server connection, which may be another client’s id, or fail with 55000 where none was drawn',
  instead:
    'INSERT … RETURNING id, or SELECT nextval(…) first and carry the value; currval is right inside the transaction that drew the value',
  examples: {
    unsafe: ['SELECT lastval()', "SELECT currval('orders_id_seq')", "INSERT INTO t VALUES (pg_catalog.currval('orders_id_seq'))"],
    safe: [
      "SELECT nextval('orders_id_seq')",
      "SELECT setval('orders_id_seq', 7)",
      'SELECT lastval AS currval FROM (SELECT 1 AS lastval) t',
    ],
  },
  functions: { currval: reads, lastval: reads },
}
