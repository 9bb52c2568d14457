import { uncertain, type Effect } from './effect.ts'
import { stringConstant, type FunctionCall } from '../sql/function-call.ts'
import { withSettings } from './helper.ts'
import type { Detected, Rule } from './rule.ts'

const state = 'session-variable'

/** pg_variables names a variable by its package and its name; only constants pair. */
function objectOf({ args }: FunctionCall): { readonly object?: string } {
  const parts = [stringConstant(args[0]), stringConstant(args[1])]
  return parts.includes(undefined) ? {} : { object: parts.join(' ') }
}

function leaves(call: FunctionCall): Effect {
  return { does: 'leaves', state, what: call.name, when: 'always', ...objectOf(call) }
}

function clears(call: FunctionCall): Effect {
  const effect: Effect = { does: 'clears', state, what: call.name, when: 'always', ...objectOf(call) }
  return call.args.length > 0 && effect.object === undefined ? uncertain(effect) : effect
}

function needs(call: FunctionCall): Effect {
  return { does: 'needs', state, what: call.name, when: 'always', ...objectOf(call) }
}

const types = ['int', 'text', 'numeric', 'timestamp', 'timestamptz', 'date', 'jsonb']

function ofEachType(
  verb: string,
  detect: (call: FunctionCall) => Detected,
): Record<string, (call: FunctionCall) => Detected> {
  return Object.fromEntries(types.map((type) => [`pgv_${verb}_${type}`, detect]))
}

/** Variables of the server process: pg_variables, and the session variables of omni_var. */
export const sessionVariable: Rule<'session/variable'> = {
  id: 'session/variable',
  title: 'a session variable lives in one server process',
  why: 'pg_variables and omni_var keep session variables in the memory of the server process behind one connection. Your next transaction may not find yours, and may find those of another client',
  instead:
    "set_config('app.name', value, true) and current_setting('app.name', true) in one transaction, or a table. With omni_var, use its transactional omni_var.set; with pg_variables, call pgv_remove in the same transaction",
  helpers: [withSettings("{ 'app.total': total }")],
  remedy: {
    sql: `BEGIN;
SELECT set_config('app.total', '7', true);
SELECT current_setting('app.total', true);
COMMIT;`,
    kysely: `await db.transaction().execute(async (trx) => {
  await sql\`select set_config('app.total', \${total}, true)\`.execute(trx)
  return sql\`select current_setting('app.total', true) as total\`.execute(trx)
})`,
    prisma: `await prisma.$transaction(async (tx) => {
  await tx.$queryRaw\`SELECT set_config('app.total', \${total}, true)\`
  return tx.$queryRaw\`SELECT current_setting('app.total', true) AS total\`
})`,
  },
  examples: {
    unsafe: [
      "SELECT pgv_set('cart', 'total', 7)",
      "SELECT pgv_set_int('cart', 'total', 7)",
      "SELECT pgv_get('cart', 'total', NULL::int)",
      "SELECT pgv_insert('cart', 'items', row(1, 2))",
      "SELECT * FROM pgv_select('cart', 'items') AS t(a int, b int)",
      "SELECT pgv_remove('cart', 'total')",
      'SELECT pgv_free()',
      "SELECT omni_var.set_session('total', 7)",
      "BEGIN; SELECT pgv_set('cart', 'total', 7); COMMIT",
    ],
    safe: [
      "BEGIN; SELECT pgv_set('cart', 'total', 7); SELECT pgv_get('cart', 'total', NULL::int); SELECT pgv_remove('cart', 'total'); COMMIT",
      "BEGIN; SELECT omni_var.set('total', 7); SELECT omni_var.get('total', 0); COMMIT",
      "BEGIN; SELECT set_config('app.total', '7', true); SELECT current_setting('app.total', true); COMMIT",
      "SELECT 'pgv_set'",
    ],
  },
  extensionFunctions: {
    pgv_set: leaves,
    pgv_insert: leaves,
    pgv_update: leaves,
    pgv_delete: clears,
    pgv_remove: clears,
    pgv_free: clears,
    pgv_get: needs,
    pgv_select: needs,
    pgv_exists: needs,
    pgv_list: needs,
    pgv_stats: needs,
    ...ofEachType('set', leaves),
    ...ofEachType('get', needs),
    'omni_var.set_session': leaves,
    'omni_var.get_session': needs,
  },
}
