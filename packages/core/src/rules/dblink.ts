import type { Node } from '@pgsql/types'
import type { Effect } from './effect.ts'
import { stringConstant, type FunctionCall } from '../sql/function-call.ts'
import type { Detected, Rule } from './rule.ts'

const state = 'dblink-connection'

/** The connection has a name where the connection string stands behind it. */
function connects({ name, args }: FunctionCall): Effect {
  return { does: 'leaves', state, what: name, when: 'always', object: args.length > 1 ? nameOf(args[0]) : '' }
}

function disconnects({ name, args }: FunctionCall): Effect {
  return { does: 'clears', state, what: name, when: 'always', object: nameOf(args[0]) }
}

function needs({ name }: FunctionCall): Effect {
  return { does: 'needs', state, what: name, when: 'always' }
}

/** The unnamed connection is called ''. A name that is an expression pairs with the same expression. */
function nameOf(node: Node | undefined): string {
  if (node === undefined) return ''
  return (
    stringConstant(node) ?? JSON.stringify(node, (field, value: unknown) => (field === 'location' ? undefined : value))
  )
}

/**
 * `dblink('host=… dbname=…', sql)` opens a connection of its own for the statement. With a statement alone, or with a constant
 * that is no connection string, it uses an open connection. A parameter or an expression may be either: the call
 * that opened the connection was found already.
 */
function asks(call: FunctionCall): Effect | undefined {
  const [first, second] = call.args
  const usesOpen =
    second === undefined || isFlag(second) || (stringConstant(first) !== undefined && !isConnectionString(first))
  return usesOpen ? needs(call) : undefined
}

function isConnectionString(node: Node | undefined): boolean {
  return /=|^postgres(ql)?:\/\//.test(stringConstant(node) ?? '')
}

/** `dblink(sql, fail boolean)`. */
function isFlag(node: Node): boolean {
  return 'A_Const' in node && 'boolval' in node.A_Const
}

const extensionFunctions: Readonly<Record<string, (call: FunctionCall) => Detected>> = {
  dblink: asks,
  dblink_cancel_query: needs,
  dblink_close: needs,
  dblink_connect: connects,
  dblink_connect_u: connects,
  dblink_disconnect: disconnects,
  dblink_error_message: needs,
  dblink_exec: asks,
  dblink_fetch: needs,
  dblink_get_connections: needs,
  dblink_get_notify: needs,
  dblink_get_result: needs,
  dblink_is_busy: needs,
  dblink_open: needs,
  dblink_send_query: needs,
}

/** dblink keeps its connections in the server process, for as long as that lives. */
export const dblink: Rule<'session/dblink'> = {
  id: 'session/dblink',
  title: 'a dblink connection stays in one server process',
  why: 'the connection belongs to the server process behind one connection and survives COMMIT, ROLLBACK and DISCARD ALL. Your next statement may not find it, and another client can send statements over it',
  instead:
    "pass the connection string to the call that needs it, dblink('host=… dbname=…', …); or use a foreign table of postgres_fdw; or open, use and close the connection inside one transaction",
  remedy: {
    sql: `-- The connection lasts for this statement.
SELECT * FROM dblink('host=reports dbname=reports', 'SELECT id FROM orders') AS remote (id int);`,
  },
  examples: {
    unsafe: [
      "SELECT dblink_connect('remote', 'dbname=other')",
      "SELECT public.dblink_connect_u('dbname=other')",
      "SELECT dblink_disconnect('remote')",
      "SELECT * FROM dblink('remote', 'SELECT 1') AS t(a int)",
      "SELECT * FROM dblink('SELECT 1') AS t(a int)",
      "SELECT dblink_exec('remote', 'DELETE FROM t')",
      "SELECT dblink_send_query('remote', 'SELECT 1')",
      "SELECT * FROM dblink_get_result('remote') AS t(a int)",
      "SELECT dblink_open('remote', 'page', 'SELECT 1')",
      "BEGIN; SELECT dblink_connect('remote', 'dbname=other'); ROLLBACK",
    ],
    safe: [
      "SELECT * FROM dblink('dbname=other', 'SELECT 1') AS t(a int)",
      "SELECT * FROM dblink('postgresql://host/other', 'SELECT 1', false) AS t(a int)",
      "SELECT dblink_exec('dbname=' || current_database(), 'DELETE FROM t')",
      "BEGIN; SELECT dblink_connect('remote', 'dbname=other'); SELECT dblink_disconnect('remote'); COMMIT",
      "SELECT dblink_build_sql_insert('t', '1', 1, '{1}', '{2}')",
      "SELECT 'dblink_connect'",
    ],
  },
  extensionFunctions,
}
