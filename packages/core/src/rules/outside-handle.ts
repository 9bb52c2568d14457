import type { Rule } from './rule.ts'

const told = {
  outcome: 'lost',
  consequence: 'runs on another connection: the transaction does not contain it',
} as const

/**
 * The pool, or the ORM's own handle, used by the callback of a transaction that is open. Found by who awaits the call:
 * work that the callback starts and does not await is not part of the transaction.
 */
export const outsideHandle: Rule<'transaction/outside-handle'> = {
  id: 'transaction/outside-handle',
  title: 'the pool, or the ORM’s own handle, used inside a transaction',
  why: 'the pool and the ORM’s own handle (db, prisma) take another connection. What they send does not see what the transaction has written, lacks its SET LOCAL (a tenant), may wait for its locks, and stays when the transaction is rolled back',
  instead:
    'use the handle of the transaction: the client of pool.connect(), trx in Kysely, tx in Prisma and Drizzle; pass it to the functions that you call. For a write that must survive a ROLLBACK, such as an audit log, allow the call with a reason',
  remedy: {
    pg: `await client.query('BEGIN')
await client.query('UPDATE orders SET paid = true WHERE id = $1', [orderId])
// Not pool.query: the transaction would not contain it.
await client.query('INSERT INTO payments (order_id) VALUES ($1)', [orderId])
await client.query('COMMIT')`,
    kysely: `await db.transaction().execute(async (trx) => {
  await trx.updateTable('orders').set({ paid: true }).where('id', '=', orderId).execute()
  // Not db: pass trx to each function that is called here.
  await addPayment(trx, orderId)
})`,
    prisma: `await prisma.$transaction(async (tx) => {
  await tx.order.update({ where: { id: orderId }, data: { paid: true } })
  // Not prisma: pass tx to each function that is called here.
  await addPayment(tx, orderId)
})`,
  },
  examples: { unsafe: [], safe: [{ sql: 'BEGIN' }, { sql: 'COMMIT' }] },
  call: {
    outsideHandle: (began) => ({
      does: 'needs',
      state: 'transaction',
      what: `a call past the open transaction${began === '' ? '' : ` that began at ${began}`}`,
      when: 'always',
      told,
    }),
  },
}
