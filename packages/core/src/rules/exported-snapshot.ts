import type { Rule } from './rule.ts'

/** A snapshot can be taken up for as long as the transaction that exported it is open. */
export const exportedSnapshot: Rule<'transaction/exported-snapshot'> = {
  id: 'transaction/exported-snapshot',
  title: 'pg_export_snapshot outside a transaction exports nothing',
  why: 'the snapshot is gone when the transaction that exported it ends. Outside BEGIN … COMMIT that is the end of this statement, and SET TRANSACTION SNAPSHOT then fails with 22023',
  instead:
    'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_export_snapshot(); and keep that transaction open until the other sessions have imported the snapshot',
  remedy: {
    pg: `const client = await pool.connect()
try {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
  const { rows } = await client.query('SELECT pg_export_snapshot() AS snapshot')
  await Promise.all(workers.map((worker) => worker.copyFrom(rows[0].snapshot)))
  await client.query('COMMIT')
} finally {
  client.release()
}`,
  },
  examples: {
    unsafe: ['SELECT pg_export_snapshot()', 'SELECT pg_catalog.pg_export_snapshot()'],
    safe: [
      'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT pg_export_snapshot(); SELECT 1; COMMIT',
      'SELECT pg_current_snapshot()',
    ],
    answersVary: true,
  },
  functions: {
    pg_export_snapshot: ({ name }) => ({ does: 'ineffective', state: 'transaction', what: name, when: 'autocommit' }),
  },
}
