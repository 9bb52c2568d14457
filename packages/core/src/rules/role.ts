import type { VariableSetStmt } from '@pgsql/types'
import type { Effect } from './effect.ts'
import { settingName, stringConstant, type FunctionCall } from '../sql/function-call.ts'
import { withSettings } from './helper.ts'
import { setLocally } from './repairs/local-setting.ts'
import type { Rule } from './rule.ts'

function onSet({ kind, name: given = '', args, is_local }: VariableSetStmt): Effect[] {
  if (is_local) return []
  // A quoted name keeps its case in the tree; PostgreSQL looks settings up without regard to it.
  const name = settingName(given)
  const isReset = kind === 'VAR_RESET' || kind === 'VAR_SET_DEFAULT' || stringConstant(args?.[0]) === 'none'
  const verb = kind === 'VAR_RESET' ? 'RESET' : 'SET'
  const does = isReset ? 'clears' : 'leaves'
  if (name === 'role') return [{ does, state: 'role', what: `${verb} ROLE`, when: 'always' }]
  if (name !== 'session_authorization') return []
  const effect: Effect = { does, state: 'session-authorization', what: `${verb} SESSION AUTHORIZATION`, when: 'always' }
  // It ends the role as well.
  return isReset ? [effect, { ...effect, does: 'undoes', state: 'role' }] : [effect]
}

const roles: ReadonlySet<string> = new Set(['role', 'session_authorization'])

/** set_user(role), set_user(role, token); set_user_u(role) for superusers. */
function sets({ name, args }: FunctionCall): Effect | undefined {
  return args.length === 1 || args.length === 2
    ? { does: 'leaves', state: 'role', what: name, when: 'always' }
    : undefined
}

/** A role that outlives its transaction runs strangers' statements with other rights. */
export const role: Rule<'session/role'> = {
  id: 'session/role',
  title: 'SET ROLE changes the role of the server session',
  why: 'the role stays on the server connection after COMMIT. Other clients then run with it, and your next statement may run without it',
  instead:
    "SET LOCAL ROLE inside the transaction that needs it, set_config('role', $1, true) for a role that is a parameter, or a separate pool for each role",
  helpers: [withSettings("{ role: 'reporting' }", { only: ['role'] })],
  remedy: {
    sql: `BEGIN;
SET LOCAL ROLE reporting;
SELECT * FROM orders;
COMMIT;`,
    kysely: `await db.transaction().execute(async (trx) => {
  await sql\`set local role reporting\`.execute(trx)
  return trx.selectFrom('orders').selectAll().execute()
})`,
    prisma: `await prisma.$transaction(async (tx) => {
  await tx.$executeRaw\`SET LOCAL ROLE reporting\`
  return tx.order.findMany()
})`,
  },
  examples: {
    unsafe: [
      'SET ROLE postgres',
      'SET ROLE NONE',
      'RESET ROLE',
      'SET "ROLE" = app',
      'SET SESSION AUTHORIZATION postgres',
      'RESET SESSION AUTHORIZATION',
      "SELECT set_user('reporting')",
      "SELECT set_user_u('postgres')",
      'SELECT reset_user()',
    ],
    safe: [
      'BEGIN; SET LOCAL ROLE postgres; COMMIT',
      'BEGIN; SET ROLE postgres; SELECT 1; RESET ROLE; COMMIT',
      'SELECT current_user, session_user',
      'GRANT pg_monitor TO postgres',
    ],
  },
  repair: {
    examples: [
      { sql: 'SET ROLE postgres', sent: 'SET LOCAL ROLE postgres' },
      { sql: 'SET ROLE NONE', sent: 'SET LOCAL ROLE NONE' },
      { sql: 'SET SESSION AUTHORIZATION postgres', sent: 'SET LOCAL SESSION AUTHORIZATION postgres' },
      { sql: 'SET SESSION SESSION AUTHORIZATION postgres', sent: 'SET LOCAL SESSION AUTHORIZATION postgres' },
    ],
    on: {
      VariableSetStmt: (node, text) => (roles.has(settingName(node.name ?? '')) ? setLocally(node, text) : undefined),
    },
  },
  unrepairable: 'this function has no form that ends with its transaction',
  firstWords: ['set', 'reset'],
  on: { VariableSetStmt: onSet },
  extensionFunctions: {
    set_user: sets,
    set_user_u: sets,
    set_session_auth: ({ name }) => ({ does: 'leaves', state: 'session-authorization', what: name, when: 'always' }),
    reset_user: ({ name }) => ({ does: 'clears', state: 'role', what: name, when: 'always' }),
    sepgsql_setcon: ({ name }) => ({ does: 'leaves', state: 'role', what: name, when: 'always' }),
  },
}
