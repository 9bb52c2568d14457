// A process that holds a lease, and writes when it is told to: suspended in between by the test.
import type { Lease } from '@poolsafe/core'
import { guardPool, withLease, withSettings } from '@poolsafe/pg'
import { once } from 'node:events'
import pg from 'pg'

const pool = guardPool(new pg.Pool({ connectionString: process.env['DATABASE_URL'] }))
const nameOf = (error: unknown): string => (error as Error).name

async function write(lease: Lease<pg.ClientBase>): Promise<void> {
  await withSettings(pool, {}, async (client) => {
    await client.query("INSERT INTO written VALUES ('late')")
    await lease.confirm(client)
  })
}

await withLease(
  pool,
  'a',
  async (lease) => {
    console.log(`holds ${lease.fencing}`)
    await once(process.stdin, 'data')
    await write(lease).then(
      () => console.log('write: done'),
      (error: unknown) => console.log(`write: ${nameOf(error)}`),
    )
  },
  { leaseMillis: 1000 },
).then(
  () => console.log('end: done'),
  (error: unknown) => console.log(`end: ${nameOf(error)}`),
)
process.stdin.destroy()
await pool.end()
