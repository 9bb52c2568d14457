import type { Node, SelectStmt } from '@pgsql/types'
import type { Effect } from './effect.ts'
import {
  constantText,
  functionCall,
  isBuiltIn,
  isTextHash,
  withoutCasts,
  type FunctionCall,
} from '../sql/function-call.ts'
import { isValue } from '../sql/executed.ts'
import { pureText } from '../sql/pure-expression.ts'
import { advisoryLockHelper, leaseHelper, migrationsHelper, withSession } from './helper.ts'
import { lockForTransaction } from './repairs/transaction-lock.ts'
import type { Place, Remedy, Rule } from './rule.ts'

function takes({ name }: FunctionCall): Effect {
  return { does: 'leaves', state: 'advisory-lock', what: name, when: 'always' }
}

/** The empty name pairs with no lock: what an unlock frees is known only in a statement that does nothing else. */
function frees({ name }: FunctionCall): Effect {
  return { does: 'clears', state: 'advisory-lock', what: name, when: 'always', object: '' }
}

/** `SELECT pg_advisory_lock(42)`, and nothing else: it runs once, so that lock and unlock can be counted. */
function onSelect(statement: SelectStmt, { isWholeStatement }: Place): Effect[] | undefined {
  if (!isWholeStatement || Object.keys(statement).some((part) => !countable.has(part))) return undefined
  const counted = (statement.targetList ?? []).filter((target) => !isConstant(target)).map(countedEffect)
  return counted.includes(undefined) ? undefined : counted.filter((effect) => effect !== undefined)
}

/** The parts of a SELECT that has one row. */
const countable: ReadonlySet<string> = new Set(['targetList', 'limitOption', 'op', 'intoClause', 'sortClause'])

function isConstant(target: Node): boolean {
  return 'ResTarget' in target && target.ResTarget.val !== undefined && isValue(target.ResTarget.val)
}

function countedEffect(target: Node): Effect | undefined {
  const value = 'ResTarget' in target ? target.ResTarget.val : undefined
  const call = value !== undefined && 'FuncCall' in value ? functionCall(value.FuncCall) : undefined
  if (call === undefined || !isBuiltIn(call)) return undefined
  // A function of the user may be named like a method of all objects.
  const effect = Object.hasOwn(functions, call.name) ? functions[call.name]?.(call) : undefined
  if (effect === undefined || (effect.object === undefined && effect.does === 'clears')) return effect
  const keys = call.args.map(constantKey)
  if (keys.includes(undefined)) return undefined
  return { ...effect, object: `${call.name.endsWith('_shared') ? 'shared' : 'exclusive'} ${keys.join()}` }
}

/** A key that means the same lock wherever it is written in the text. */
function constantKey(node: Node): string | undefined {
  const key = withoutCasts(node, keyTypes)
  if (key === undefined) return pureText(node)
  return valueKey(key) ?? hashKey(key) ?? pureText(key)
}

const keyTypes = /^(int[248]|text)$/

function valueKey(node: Node): string | undefined {
  return 'ParamRef' in node ? `$${node.ParamRef.number}` : constantText(node)
}

/** `hashtext('job')` and `hashtext('job'::text)` are one key. */
function hashKey(node: Node): string | undefined {
  const call = 'FuncCall' in node ? functionCall(node.FuncCall) : undefined
  if (call === undefined || !isTextHash(call)) return undefined
  const keys = call.args.map((arg) => {
    const value = withoutCasts(arg, keyTypes)
    return value && valueKey(value)
  })
  return keys.includes(undefined) ? undefined : `${call.name}(${JSON.stringify(keys)})`
}

/** The effects of a statement: only the counted ones, if there are any. */
function ofStatement(effects: readonly Effect[]): readonly Effect[] {
  const counted = effects.filter(({ object }) => object !== undefined && object !== '')
  if (counted.length > 0) return counted
  return effects.filter(({ what }, index) => effects.findIndex((other) => other.what === what) === index)
}

const functions: Readonly<Record<string, (call: FunctionCall) => Effect>> = {
  pg_advisory_lock: takes,
  pg_advisory_lock_shared: takes,
  pg_try_advisory_lock: takes,
  pg_try_advisory_lock_shared: takes,
  pg_advisory_unlock: frees,
  pg_advisory_unlock_shared: frees,
  pg_advisory_unlock_all: ({ name }) => ({ does: 'clears', state: 'advisory-lock', what: name, when: 'always' }),
}

/** A lock that its transaction releases. */
export const transactionLock: Remedy = {
  sql: `BEGIN;
SELECT pg_advisory_xact_lock(42);
UPDATE counters SET value = value + 1;
COMMIT; -- releases the lock

-- For minutes of work: a lease in a table, which needs no open transaction. No row: another holder has it.
UPDATE leases SET held_until = now() + interval '10 minutes' WHERE name = 'report' AND held_until < now() RETURNING name;`,
  kysely: `await db.transaction().execute(async (trx) => {
  await sql\`select pg_advisory_xact_lock(42)\`.execute(trx)
  await trx.updateTable('counters').set((eb) => ({ value: eb('value', '+', 1) })).execute()
})`,
  prisma: `await prisma.$transaction(async (tx) => {
  // $executeRaw, since $queryRaw cannot read the type void.
  await tx.$executeRaw\`SELECT pg_advisory_xact_lock(42)\`
  await tx.counter.updateMany({ data: { value: { increment: 1 } } })
})`,
}

/** Session-level advisory locks are held by the server session, through COMMIT and ROLLBACK alike. */
export const advisoryLock: Rule<'session/advisory-lock'> = {
  id: 'session/advisory-lock',
  title: 'a session advisory lock stays on the server session',
  why: 'the lock belongs to the server connection and survives COMMIT, ROLLBACK and your disconnect. The unlock runs on another connection and returns false, the lock stays forever, and other clients that use the same connection hold the lock too',
  instead:
    'pg_advisory_xact_lock (or pg_try_advisory_xact_lock) inside a transaction, which releases it at its end. For work that takes minutes, use a lease, a row that says until when it is held: a long transaction occupies a server connection, and Prisma ends it after 5 s (P2028). For locks that span transactions (migrations), use a direct connection',
  mentionsDirect: true,
  onDirect: {
    instead:
      'pg_advisory_xact_lock (or pg_try_advisory_xact_lock) inside a transaction, which releases it at its end. For work that takes minutes, use a lease, a row that says until when it is held',
  },
  helpers: [
    advisoryLockHelper,
    leaseHelper,
    migrationsHelper,
    withSession(['SELECT pg_advisory_lock(42)', 'SELECT pg_advisory_unlock(42)']),
  ],
  remedy: transactionLock,
  examples: {
    unsafe: [
      'SELECT pg_advisory_lock(42)',
      'SELECT pg_advisory_lock(1, 2)',
      'SELECT pg_advisory_lock_shared(42)',
      'SELECT pg_try_advisory_lock(42)',
      'SELECT pg_try_advisory_lock_shared(42)',
      'SELECT pg_advisory_unlock(42)',
      'SELECT pg_advisory_unlock_shared(42)',
      'SELECT pg_advisory_unlock_all()',
      'SELECT pg_catalog.pg_advisory_lock(42)',
      'BEGIN; SELECT pg_advisory_lock(42); ROLLBACK',
      'SELECT CASE WHEN pg_try_advisory_lock(42) THEN 1 END',
      'SELECT (42::bigint).pg_advisory_lock',
      'SELECT pg_advisory_lock(id) FROM generate_series(1, 3) AS id; SELECT pg_advisory_unlock(1)',
    ],
    safe: [
      'BEGIN; SELECT pg_advisory_xact_lock(42); UPDATE t SET id = id; COMMIT',
      'BEGIN; SELECT pg_try_advisory_xact_lock_shared(1, 2); SELECT 1; COMMIT',
      'SELECT pg_advisory_lock(42); SELECT pg_advisory_unlock(42)',
      "SELECT 'pg_advisory_lock(42)'",
      'SELECT pid FROM pg_locks /* pg_advisory_lock */',
    ],
  },
  repair: {
    examples: [
      { sql: 'SELECT pg_advisory_lock(42)', sent: 'SELECT pg_advisory_xact_lock(42) AS pg_advisory_lock' },
      {
        sql: 'SELECT pg_advisory_lock(1, 2)::text',
        sent: 'SELECT pg_advisory_xact_lock(1, 2)::text AS pg_advisory_lock',
      },
      {
        sql: "SELECT pg_try_advisory_lock(hashtext('job')) AS locked",
        sent: "SELECT pg_try_advisory_xact_lock(hashtext('job')) AS locked",
      },
      {
        sql: 'SELECT pg_advisory_lock_shared(42)',
        sent: 'SELECT pg_advisory_xact_lock_shared(42) AS pg_advisory_lock_shared',
      },
    ],
    on: { SelectStmt: lockForTransaction },
  },
  unrepairable: 'the text does not show how often the statement takes or frees which lock',
  on: { SelectStmt: onSelect },
  functions,
  ofStatement,
}
