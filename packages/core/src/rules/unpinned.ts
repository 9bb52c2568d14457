import type { TransactionStmt } from '@pgsql/types'
import type { Remedy, Rule } from './rule.ts'

/** One connection from BEGIN to COMMIT. */
export const heldConnection: Remedy & { readonly pg: string } = {
  pg: `const client = await pool.connect()
try {
  await client.query('BEGIN')
  await client.query('UPDATE orders SET paid = true WHERE id = $1', [orderId])
  await client.query('COMMIT')
} catch (error) {
  await client.query('ROLLBACK')
  throw error
} finally {
  client.release() // after COMMIT or ROLLBACK, whatever happened
}`,
  kysely: `await db.transaction().execute((trx) => trx.updateTable('orders').set({ paid: true }).where('id', '=', orderId).execute())`,
  prisma: `await prisma.$transaction((tx) => tx.order.update({ where: { id: orderId }, data: { paid: true } }))`,
}

/** A transaction needs one connection from BEGIN to COMMIT; `pool.query` borrows one for a single statement. */
export const unpinned: Rule<'transaction/unpinned'> = {
  id: 'transaction/unpinned',
  title: 'BEGIN on a connection that is released at once',
  why: 'the connection was borrowed for this one statement. The statements that follow run on other connections, outside the transaction, and the next caller that borrows this one runs inside it',
  instead:
    "hold one connection for the whole transaction: const client = await pool.connect(), db.transaction() in Kysely, $transaction() in Prisma; or send 'BEGIN; …; COMMIT' as one text",
  remedy: heldConnection,
  examples: {
    unsafe: [
      { sql: 'BEGIN', pinned: false },
      { sql: 'START TRANSACTION ISOLATION LEVEL SERIALIZABLE', pinned: false },
    ],
    safe: ['BEGIN', { sql: 'BEGIN; SELECT 1; COMMIT', pinned: false }, { sql: "SELECT 'BEGIN'", pinned: false }],
  },
  on: {
    TransactionStmt: ({ kind }: TransactionStmt) =>
      kind === 'TRANS_STMT_BEGIN' || kind === 'TRANS_STMT_START'
        ? { does: 'leaves', state: 'transaction', what: 'the transaction that BEGIN opens', when: 'unpinned' }
        : undefined,
  },
}
