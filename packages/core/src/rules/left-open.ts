import type { Rule } from './rule.ts'

/** Drivers give a connection back as it is: the next caller finds itself inside the transaction. */
export const leftOpen: Rule<'transaction/left-open'> = {
  id: 'transaction/left-open',
  title: 'a connection was given back inside an open transaction',
  why: 'the pool does not end the transaction: whoever takes the connection next runs inside it, its locks stay, and the pooler cannot give its server connection to anybody else',
  instead: 'COMMIT or ROLLBACK before release(), in a finally block; or release(true), which closes the connection',
  remedy: {
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
  },
  examples: { unsafe: [], safe: [{ sql: 'BEGIN' }, { sql: 'COMMIT' }] },
  call: {
    releasedInTransaction: () => ({ does: 'leaves', state: 'transaction', what: 'an open transaction', when: 'always' }),
  },
}
