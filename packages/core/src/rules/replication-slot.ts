import { uncertain, type Effect } from './effect.ts'
import { isBooleanConstant, stringConstant, type FunctionCall } from '../sql/function-call.ts'
import type { Detected, Rule } from './rule.ts'

/** `temporary` is the third argument of all of them. They are strict: with NULL they do nothing. */
function creates(call: FunctionCall): Effect | undefined {
  const temporary = call.argument(2, 'temporary')
  if (temporary === undefined || isBooleanConstant(temporary, false)) return undefined
  if ('A_Const' in temporary && temporary.A_Const.isnull === true) return undefined
  const what = `${call.name} of a ${isBooleanConstant(temporary, true) ? '' : 'perhaps '}temporary slot`
  return { does: 'leaves', state: 'replication-slot', what, when: 'always', ...slotOf(call, 0) }
}

/**
 * A slot that the same transaction made. Only its own session can drop a temporary slot; a permanent one is no session
 * state.
 */
function drops(call: FunctionCall): Effect {
  const effect: Effect = {
    does: 'undoes',
    state: 'replication-slot',
    what: call.name,
    when: 'always',
    ...slotOf(call, 0),
  }
  return effect.object === undefined ? uncertain(effect) : effect
}

function slotOf(call: FunctionCall, position: number): { readonly object?: string } {
  const object = stringConstant(call.argument(position, 'slot_name'))
  return object === undefined ? {} : { object }
}

/** A copy is as temporary as its source unless the call says so. */
const functions: Readonly<Record<string, (call: FunctionCall) => Detected>> = {
  pg_create_physical_replication_slot: creates,
  pg_create_logical_replication_slot: creates,
  pg_copy_physical_replication_slot: creates,
  pg_copy_logical_replication_slot: creates,
  pg_drop_replication_slot: drops,
}

/** A temporary slot lives until its server session ends, or meets an error. */
export const replicationSlot: Rule<'session/replication-slot'> = {
  id: 'session/replication-slot',
  title: 'a temporary replication slot belongs to one server session',
  why: 'the slot lives on the server connection that created it, through COMMIT, ROLLBACK and DISCARD ALL. Your next statement cannot use it on another connection, and the slot may retain WAL for as long as the pooler keeps the connection',
  instead:
    'a direct connection for replication; or a permanent slot (temporary => false), which you drop when you no longer need it',
  mentionsDirect: true,
  onDirect: { instead: 'a permanent slot (temporary => false), which you drop when you no longer need it' },
  remedy: {
    sql: `SELECT pg_create_logical_replication_slot('changes', 'pgoutput', false);
SELECT pg_drop_replication_slot('changes');`,
    pg: `const direct = new pg.Client({ connectionString: process.env.DIRECT_URL })
await direct.connect()
await direct.query("SELECT pg_create_logical_replication_slot('changes', 'pgoutput', true)")`,
  },
  examples: {
    unsafe: [
      "SELECT pg_create_physical_replication_slot('s', false, true)",
      "SELECT pg_create_logical_replication_slot('s', 'pgoutput', true)",
      "SELECT pg_create_physical_replication_slot('s', temporary => true)",
      "SELECT pg_create_logical_replication_slot('s', 'pgoutput', $1)",
      "SELECT pg_copy_logical_replication_slot('permanent', 's', true)",
      "BEGIN; SELECT pg_create_physical_replication_slot('s', false, true); ROLLBACK",
    ],
    safe: [
      "SELECT pg_create_physical_replication_slot('s')",
      "SELECT pg_create_logical_replication_slot('s', 'pgoutput', false)",
      "SELECT pg_create_physical_replication_slot('s', false, NULL)",
      "SELECT pg_drop_replication_slot('s')",
      "SELECT pg_create_physical_replication_slot('s', false, true); SELECT pg_drop_replication_slot('s')",
    ],
  },
  functions,
}
