import type { LockingClause, SelectStmt } from '@pgsql/types'
import { functionCall, isBuiltIn } from '../sql/function-call.ts'
import type { Effect } from './effect.ts'
import { pureFunctions } from './pure-functions.ts'
import { advisoryLockHelper } from './helper.ts'
import type { Place, Remedy, Rule } from './rule.ts'

const advisoryLocks: ReadonlySet<string> = new Set([
  'pg_advisory_xact_lock',
  'pg_advisory_xact_lock_shared',
  'pg_try_advisory_xact_lock',
  'pg_try_advisory_xact_lock_shared',
])

/** Parts of a SELECT that write, so that the statement itself works under its locks. */
const writes: ReadonlySet<string> = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'intoClause'])

const strengths: Readonly<Record<string, string>> = {
  LCS_FORUPDATE: 'FOR UPDATE',
  LCS_FORNOKEYUPDATE: 'FOR NO KEY UPDATE',
  LCS_FORSHARE: 'FOR SHARE',
  LCS_FORKEYSHARE: 'FOR KEY SHARE',
}

function onSelect(statement: SelectStmt, { isWholeStatement }: Place): Effect | undefined {
  const what = isWholeStatement ? lockOf(statement) : undefined
  return what === undefined ? undefined : { does: 'ineffective', state: 'transaction', what, when: 'autocommit' }
}

/** The rows that a SELECT locks, and whether it may work under its locks. */
class Locks {
  #row: string | undefined
  #advisory: string | undefined
  #works = false
  #calls = false

  /** The lock that the statement takes and does nothing under. */
  get unused(): string | undefined {
    // A condition is evaluated before its row is locked, yet not before an advisory lock of the same statement.
    const isUsed = this.#works || (this.#advisory !== undefined && this.#calls)
    return isUsed ? undefined : (this.#advisory ?? this.#row)
  }

  /** @returns whether the nodes below it have to be read */
  read(tag: string, node: object, isCondition: boolean): boolean {
    if (writes.has(tag)) this.#works = true
    if (tag === 'LockingClause')
      this.#row ??= `SELECT … ${strengths[(node as LockingClause).strength ?? ''] ?? 'FOR UPDATE'}`
    if (tag !== 'FuncCall') return true
    const call = functionCall(node)
    if (isBuiltIn(call) && advisoryLocks.has(call.name)) {
      this.#advisory ??= call.name
      // Its arguments are evaluated before it.
      return false
    }
    if (isBuiltIn(call) && pureFunctions.has(call.name)) return true
    // A function that is not known to compute a value may do the work itself.
    if (isCondition) this.#calls = true
    else this.#works = true
    return true
  }
}

function lockOf(statement: SelectStmt): string | undefined {
  const locks = new Locks()
  // A stack of our own: the tree of a long expression is deeper than JavaScript's call stack.
  const pending: { readonly node: object; readonly isCondition: boolean }[] = [{ node: statement, isCondition: false }]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const isLocking = 'lockingClause' in next.node
    for (const [tag, node] of Object.entries(next.node) as [string, unknown][]) {
      if (typeof node !== 'object' || node === null) continue
      const isCondition = next.isCondition || (isLocking && tag === 'whereClause')
      if (locks.read(tag, node, isCondition)) pending.push({ node, isCondition })
    }
  }
  return locks.unused
}

/** Locks that are held while the work is done. */
const heldLock: Remedy = {
  sql: `BEGIN;
SELECT id FROM jobs WHERE NOT taken ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED;
UPDATE jobs SET taken = true WHERE id = 1;
COMMIT; -- releases the lock`,
  pg: `// The statement that locks is the one that writes: it needs no transaction.
const { rows } = await pool.query(
  'UPDATE jobs SET taken = true WHERE id = (SELECT id FROM jobs WHERE NOT taken ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING id',
  [1],
)`,
  kysely: `await db.transaction().execute(async (trx) => {
  const job = await trx.selectFrom('jobs').select('id').where('taken', '=', false).orderBy('id').limit(1).forUpdate().skipLocked().executeTakeFirst()
  if (job !== undefined) await trx.updateTable('jobs').set({ taken: true }).where('id', '=', job.id).execute()
})`,
  prisma: `await prisma.$transaction(async (tx) => {
  const [job] = await tx.$queryRaw<{ id: number }[]>\`SELECT id FROM jobs WHERE NOT taken ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED\`
  if (job !== undefined) await tx.$executeRaw\`UPDATE jobs SET taken = true WHERE id = \${job.id}\`
})`,
}

/**
 * Row locks and transaction-level advisory locks end with their transaction; in autocommit that is the statement that
 * takes them.
 */
export const lockOutside: Rule<'transaction/lock-outside'> = {
  id: 'transaction/lock-outside',
  title: 'a lock outside a transaction is released at once',
  why: 'row locks and pg_advisory_xact_lock last until the end of the transaction. Outside BEGIN … COMMIT that is the end of this statement: when you have its answer the lock is gone, and another worker gets the same row or enters the same section',
  instead:
    'acquire the lock and do the work in one transaction (Prisma: an interactive $transaction, Kysely: db.transaction()), or in one statement: UPDATE … WHERE id = (SELECT id … FOR UPDATE SKIP LOCKED) RETURNING …',
  helpers: [Object.assign({}, advisoryLockHelper, { only: [...advisoryLocks] })],
  remedy: heldLock,
  examples: {
    unsafe: [
      'SELECT pg_advisory_xact_lock(42)',
      'SELECT pg_try_advisory_xact_lock(42) AS locked',
      'SELECT * FROM t ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED',
      'SELECT id FROM t FOR SHARE',
    ],
    safe: [
      'BEGIN; SELECT pg_advisory_xact_lock(42); UPDATE t SET id = id; COMMIT',
      'SELECT pg_advisory_xact_lock(42); UPDATE t SET id = id',
      'WITH locked AS (SELECT pg_advisory_xact_lock(42)) UPDATE t SET id = id FROM locked',
      'UPDATE t SET id = id WHERE id = (SELECT id FROM t ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id',
      'WITH taken AS (DELETE FROM t WHERE id = (SELECT id FROM t LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id) SELECT * FROM taken',
      "SELECT 'FOR UPDATE' AS pg_advisory_xact_lock",
    ],
  },
  names: ['advisory_xact_lock'],
  commonKeywords: ['for'],
  on: { SelectStmt: onSelect },
}
