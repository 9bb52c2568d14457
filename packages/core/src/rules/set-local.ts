import type { Node, SelectStmt, VariableSetStmt } from '@pgsql/types'
import type { Effect } from './effect.ts'
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
 * t` sets for itself, and works.
 */
function onSelect(
  { targetList, fromClause, withClause, larg }: SelectStmt,
  { isWholeStatement }: Place,
): Effect | undefined {
  const hasMore = fromClause !== undefined || withClause !== undefined || larg !== undefined
  if (!isWholeStatement || hasMore || targetList === undefined) return undefined
  return targetList.every(setsLocally) ? ineffective('set_config(…, true)') : undefined
}

function setsLocally(target: Node): boolean {
  const value = 'ResTarget' in target ? target.ResTarget.val : undefined
  const call = value !== undefined && 'FuncCall' in value ? functionCall(value.FuncCall) : undefined
  return call?.name === 'set_config' && isBuiltIn(call) && isBooleanConstant(call.argument(2, 'is_local'), true)
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
