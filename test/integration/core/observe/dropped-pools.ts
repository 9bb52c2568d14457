import { engineOf } from '@poolsafe/core/adapter'
// Run by statistics.test.ts with --expose-gc: makes pools, drops them without `end()`, and tells how many the guard
// still watches.
import { createGuard } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { setTimeout as sleep } from 'node:timers/promises'

declare const gc: () => void
const made = 10
const guard = createGuard({ logger: { warn: () => {} } })

async function makePools(connectionString: string): Promise<void> {
  const make = (): pg.Pool => new pg.Pool({ connectionString, max: 1, idleTimeoutMillis: 1 })
  const pools = Array.from({ length: made }, () => guardPool(make(), guard, { acquireTimeoutMillis: 3000 }))
  await Promise.all(pools.map((pool) => pool.query('SELECT 1')))
  console.log(guard.stats().pools.length)
}

const kept = guardPool(new pg.Pool({ connectionString: process.argv[2] }), guard)
await makePools(process.argv[2] ?? '')
// An open connection holds its pool, and so does the timer of the acquire timeout: both are soon over.
for (let left = 1000; left > 0 && [...engineOf(guard).pools].length > 1; left--) {
  await sleep(50)
  gc()
}
const { healthy, pools } = await guard.health()
console.log(guard.stats().pools.length, healthy, pools.length)
await kept.end()
console.log(guard.stats().pools.length)
