import type { FuncCall } from '@pgsql/types'
import type { Effect } from './effect.ts'
import { functionCall, isBuiltIn, stringConstant, type FunctionCall } from '../sql/function-call.ts'
import type { Rule } from './rule.ts'

/** Inside a transaction the value is that of the transaction's own nextval, on the same server session. */
function reads(call: FunctionCall): Effect {
  const sequence = call.name === 'lastval' ? undefined : stringConstant(call.args[0])
  return {
    does: 'needs',
    state: 'sequence-value',
    what: call.name,
    when: 'autocommit',
    ...(sequence !== undefined && { object: sequence }),
  }
}

/** Not among `functions`: of itself nextval does no harm, and the scan need not know it. */
function onCall(node: FuncCall): Effect | undefined {
  const call = functionCall(node)
  if (call.name !== 'nextval' || !isBuiltIn(call)) return undefined
  const sequence = stringConstant(call.args[0])
  return {
    does: 'leaves',
    state: 'sequence-value',
    what: call.name,
    when: 'always',
    ...(sequence !== undefined && { object: sequence }),
  }
}

/** `SELECT nextval('s'), currval('s')` reads what the same statement has drawn. */
function ofStatement(effects: readonly Effect[]): readonly Effect[] {
  const drawn = new Set<string | undefined>()
  const needed: Effect[] = []
  for (const effect of effects) {
    if (effect.does === 'leaves') drawn.add(effect.object)
    else if (effect.does === 'needs' && !(effect.object === undefined ? drawn.size > 0 : drawn.has(effect.object)))
      needed.push(effect)
  }
  return needed
}

/** `currval` and `lastval` answer for the server session, not for the client. */
export const sequenceValue: Rule<'session/sequence-value'> = {
  id: 'session/sequence-value',
  title: 'currval and lastval read the server session',
  why: 'they return the last value drawn on that server connection, which may be the id of another client, and fail with 55000 if none was drawn there',
  instead:
    'INSERT … RETURNING id, or SELECT nextval(…) first and pass the value on. currval is correct inside the transaction that drew the value',
  remedy: {
    sql: `INSERT INTO orders (total) VALUES (10) RETURNING id;`,
    kysely: `const { id } = await db.insertInto('orders').values({ total: 10 }).returning('id').executeTakeFirstOrThrow()`,
    prisma: `const { id } = await prisma.order.create({ data: { total: 10 } })`,
  },
  examples: {
    unsafe: [
      'SELECT lastval()',
      "SELECT currval('orders_id_seq')",
      "INSERT INTO t VALUES (pg_catalog.currval('orders_id_seq'))",
    ],
    safe: [
      "SELECT nextval('orders_id_seq')",
      "SELECT nextval('orders_id_seq'), currval('orders_id_seq')",
      "SELECT setval('orders_id_seq', 7)",
      'SELECT lastval AS currval FROM (SELECT 1 AS lastval) t',
    ],
  },
  on: { FuncCall: onCall },
  functions: { currval: reads, lastval: reads },
  ofStatement,
}
