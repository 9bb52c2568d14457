import type { UpdateStmt, VariableSetStmt } from '@pgsql/types'
import { maskedBy, type Effect } from './effect.ts'
import { isNever } from '../sql/executed.ts'
import { settingName } from '../sql/function-call.ts'
import { statementTimeout, withSession, withSettings } from './helper.ts'
import { setLocally } from './repairs/local-setting.ts'
import type { Rule } from './rule.ts'
import { localParameter, localSetting } from './set-local.ts'

/** Settings with rules of their own, and those that last for the transaction however they are set. */
const others: ReadonlySet<string> = new Set([
  'role',
  'session_authorization',
  'transaction_isolation',
  'transaction_read_only',
  'transaction_deferrable',
])

function onSet({ kind, name = '', is_local }: VariableSetStmt): Effect | undefined {
  const setting = settingName(name)
  if (others.has(setting) || kind === 'VAR_SET_MULTI') return undefined
  if (is_local) return kind === 'VAR_SET_DEFAULT' ? maskedBy(`SET LOCAL ${name} TO DEFAULT`, setting) : undefined
  if (kind === 'VAR_RESET_ALL') return { does: 'clears', state: 'setting', what: 'RESET ALL', when: 'always' }
  if (kind === 'VAR_RESET')
    return { does: 'clears', state: 'setting', what: `RESET ${name}`, when: 'always', object: setting }
  if (kind === 'VAR_SET_DEFAULT')
    return { does: 'clears', state: 'setting', what: `SET ${name} TO DEFAULT`, when: 'always', object: setting }
  return { does: 'leaves', state: 'setting', what: `SET ${name}`, when: 'always', object: setting }
}

/** A rule of the view turns the UPDATE into `set_config(name, setting, false)`. */
function onUpdate({ relation, whereClause }: UpdateStmt): Effect | undefined {
  if (relation?.relname !== 'pg_settings' || (relation.schemaname ?? 'pg_catalog') !== 'pg_catalog') return undefined
  if (isNever(whereClause)) return undefined
  return { does: 'leaves', state: 'setting', what: 'UPDATE pg_settings', when: 'always' }
}

/** `SET` outlives its transaction: the server connection keeps the value after COMMIT, for its next user. */
export const set: Rule<'session/set'> = {
  id: 'session/set',
  title: 'SET changes the server session',
  why: 'SET lasts until the server connection closes. The pooler gives that connection, with your value on it, to other clients, and gives you another one',
  instead:
    "SET LOCAL inside the transaction that needs the value. For a value that is a parameter, which SET LOCAL cannot take, use set_config('name', $1, true); for a fixed value ALTER ROLE … SET or ALTER DATABASE … SET; for a whole session a direct connection",
  mentionsDirect: true,
  onDirect: {
    instead:
      "SET LOCAL inside the transaction that needs the value. For a value that is a parameter, which SET LOCAL cannot take, use set_config('name', $1, true); for a fixed value ALTER ROLE … SET or ALTER DATABASE … SET",
  },
  helpers: [
    withSettings("{ 'app.tenant': tenant, statement_timeout: '5s' }"),
    Object.assign({}, statementTimeout, { only: ['statement_timeout'] }),
    withSession(['SET work_mem = 65536', 'SELECT * FROM orders ORDER BY total']),
  ],
  remedy: {
    ...localParameter,
    sql: `${localSetting.sql}

-- For all connections of a role; the pooler's open server connections take it when they are opened anew.
ALTER ROLE app SET statement_timeout = '5s';`,
  },
  examples: {
    unsafe: [
      "SET search_path = 'tenant_a'",
      'SET SESSION statement_timeout = 1000',
      'SET lock_timeout TO DEFAULT',
      "set app.org_id = '7'",
      "SET TIME ZONE 'Europe/Paris'",
      "SET NAMES 'latin1'",
      "SET SCHEMA 'tenant_a'",
      'RESET work_mem',
      'RESET ALL',
      'SELECT 1; SET work_mem = 65536',
      '/* not a select */ SET work_mem = 65536',
      "UPDATE pg_settings SET setting = '65536' WHERE name = 'work_mem'",
    ],
    safe: [
      "BEGIN; SET LOCAL search_path = 'tenant_a'; COMMIT",
      "BEGIN; SET search_path = 'tenant_a'; ROLLBACK",
      'BEGIN; SAVEPOINT a; SET work_mem = 65536; ROLLBACK TO a; COMMIT',
      'BEGIN; SET work_mem = 65536; SELECT 1; RESET work_mem; COMMIT',
      'BEGIN; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; SELECT 1; COMMIT',
      'BEGIN; SET CONSTRAINTS ALL DEFERRED; SELECT 1; COMMIT',
      'BEGIN; SET transaction_read_only = on; COMMIT',
      "ALTER ROLE CURRENT_USER SET statement_timeout = '5s'",
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET search_path = 'public' AS 'SELECT 1'",
      "UPDATE users SET name = 'SET search_path = x'",
      'SHOW search_path',
    ],
  },
  repair: {
    examples: [
      { sql: "SET search_path = 'tenant_a'", sent: "SET LOCAL search_path = 'tenant_a'" },
      { sql: 'SET SESSION statement_timeout = 1000', sent: 'SET LOCAL statement_timeout = 1000' },
      { sql: "SET TIME ZONE 'Europe/Paris'", sent: "SET LOCAL TIME ZONE 'Europe/Paris'" },
      { sql: "SET NAMES 'latin1'", sent: "SET LOCAL NAMES 'latin1'" },
      { sql: 'SET lock_timeout TO DEFAULT', sent: 'SET LOCAL lock_timeout TO DEFAULT' },
      { sql: 'SET lock_timeout FROM CURRENT', sent: 'SET LOCAL lock_timeout FROM CURRENT' },
    ],
    on: {
      VariableSetStmt: (node, text) => (others.has(settingName(node.name ?? '')) ? undefined : setLocally(node, text)),
      UpdateStmt: ({ relation }) =>
        relation?.relname === 'pg_settings'
          ? 'UPDATE pg_settings has no form that ends with its transaction'
          : undefined,
    },
  },
  names: ['pg_settings'],
  firstWords: ['set', 'reset'],
  on: { VariableSetStmt: onSet, UpdateStmt: onUpdate },
}
