import type { Node, SelectStmt, VariableSetStmt } from '@pgsql/types'
import type { Effect } from './effect.ts'
import { isValue, onlyFunction } from '../sql/executed.ts'
import { functionCall, isBooleanConstant, isBuiltIn } from '../sql/function-call.ts'
import { withSettings } from './helper.ts'
import type { Place, Remedy, Rule } from './rule.ts'

function ineffective(what: string): Effect {
  return { does: 'ineffective', state: 'transaction', what, when: 'autocommit' }
}

function onSet({ name = '', is_local, kind }: VariableSetStmt): Effect | undefined {
  if (kind !== 'VAR_SET_MULTI') return is_local ? ineffective(`SET LOCAL ${name}`) : undefined
  // PostgreSQL refuses SET TRANSACTION SNAPSHOT outside a transaction; the rest it answers with a warning alone.
  return name === 'TRANSACTION' ? ineffective('SET TRANSACTION') : undefined
}

/**
 * Only where the statement does nothing else: `WITH t AS (SELECT set_config('lock_timeout', '1s', true)) SELECT … FROM
 * t` sets for itself, and works. `SELECT set_config('app.org', id::text, true) FROM orgs` reads its row before it sets.
 */
function onSelect(
  { targetList = [], fromClause = [], withClause, larg }: SelectStmt,
  { isWholeStatement }: Place,
): Effect | undefined {
  if (!isWholeStatement || withClause !== undefined || larg !== undefined) return undefined
  const values = targetList.map((target) => ('ResTarget' in target ? target.ResTarget.val : undefined))
  const sets = values.some(setsLocally) && values.every((value) => setsLocally(value) || isConstant(value))
  const isAlone = sets && fromClause.every(isTable)
  return isAlone || setsInFrom(fromClause, values) ? ineffective('set_config(…, true)') : undefined
}

/** A call of set_config, perhaps under a cast or in `IS NOT NULL`. */
function setsLocally(value: Node | undefined): boolean {
  if (value === undefined) return false
  if ('TypeCast' in value) return setsLocally(value.TypeCast.arg)
  if ('NullTest' in value) return setsLocally(value.NullTest.arg)
  const call = 'FuncCall' in value ? functionCall(value.FuncCall) : undefined
  return call?.name === 'set_config' && isBuiltIn(call) && isBooleanConstant(call.argument(2, 'is_local'), true)
}

function isConstant(value: Node | undefined): boolean {
  return value !== undefined && isValue(value)
}

function isTable(node: Node): boolean {
  if (!('JoinExpr' in node)) return 'RangeVar' in node
  const { larg, rarg } = node.JoinExpr
  return larg !== undefined && rarg !== undefined && isTable(larg) && isTable(rarg)
}

/** `SELECT * FROM set_config(…)`, and nothing else. */
function setsInFrom(fromClause: readonly Node[], values: readonly (Node | undefined)[]): boolean {
  const call = onlyFunction(fromClause)
  return setsLocally(call) && values.every((value) => value !== undefined && ('ColumnRef' in value || isValue(value)))
}

/** A value that its transaction takes with it. */
export const localSetting: Remedy & { readonly sql: string } = {
  sql: `BEGIN;
SET LOCAL statement_timeout = '5s';
SELECT * FROM orders;
COMMIT;`,
  kysely: `await db.transaction().execute(async (trx) => {
  await sql\`set local statement_timeout = '5s'\`.execute(trx)
  return trx.selectFrom('orders').selectAll().execute()
})`,
  prisma: `await prisma.$transaction(async (tx) => {
  await tx.$executeRaw\`SET LOCAL statement_timeout = '5s'\`
  return tx.order.findMany()
})`,
}

/** The same for a value from outside: SET takes no parameter, its function does. */
export const localParameter: Remedy = {
  pg: `const client = await pool.connect()
try {
  await client.query('BEGIN')
  await client.query("SELECT set_config('app.tenant', $1, true)", [tenant])
  await client.query('SELECT * FROM orders')
  await client.query('COMMIT')
} catch (error) {
  await client.query('ROLLBACK')
  throw error
} finally {
  client.release()
}`,
  kysely: `await db.transaction().execute(async (trx) => {
  await sql\`select set_config('app.tenant', \${tenant}, true)\`.execute(trx)
  return trx.selectFrom('orders').selectAll().execute()
})`,
  prisma: `await prisma.$transaction(async (tx) => {
  await tx.$queryRaw\`SELECT set_config('app.tenant', \${tenant}, true)\`
  return tx.order.findMany()
})`,
}

/** A local setting lasts until the end of the transaction; in autocommit that is the end of its own statement. */
export const setLocal: Rule<'transaction/set-local'> = {
  id: 'transaction/set-local',
  title: 'SET LOCAL, SET TRANSACTION and SET CONSTRAINTS do nothing outside a transaction',
  why: 'what they set lasts until the end of the transaction. Outside BEGIN … COMMIT that is the end of this statement, and the next statement runs without it',
  instead:
    "send it as the first statement of the transaction that needs it: BEGIN; SET LOCAL …; …; COMMIT; or set_config('name', $1, true) for a value that is a parameter. Use an interactive $transaction in Prisma (an array of one statement has no transaction) and db.transaction() in Kysely. BEGIN itself can name an isolation level",
  helpers: [withSettings("{ statement_timeout: '5s' }")],
  remedy: localSetting,
  examples: {
    unsafe: [
      "SET LOCAL search_path = 'tenant_a'",
      'SET LOCAL ROLE postgres',
      "SELECT set_config('app.org_id', '7', true)",
      'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE',
      'SET CONSTRAINTS ALL DEFERRED',
    ],
    safe: [
      "BEGIN; SET LOCAL search_path = 'tenant_a'; COMMIT",
      "SET LOCAL work_mem = '64MB'; SELECT 1",
      "BEGIN; SELECT set_config('app.org_id', '7', true); COMMIT",
      "WITH limits AS (SELECT set_config('lock_timeout', '1000', true)) UPDATE t SET id = id FROM limits",
    ],
  },
  names: ['set_config'],
  firstWords: ['set'],
  on: {
    VariableSetStmt: onSet,
    SelectStmt: onSelect,
    ConstraintsSetStmt: () => ineffective('SET CONSTRAINTS'),
  },
}
