import { engineOf } from '@poolsafe/core/adapter'
// Run by ended-pools.test.ts with --expose-gc: drops one of two pools of one name without `end()`, and tells what was
// counted before and after.
import { createGuard } from '@poolsafe/core'
import { prometheusMetrics } from '@poolsafe/metrics/prometheus'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { Registry } from 'prom-client'
import { setTimeout as sleep } from 'node:timers/promises'

declare const gc: () => void
const guard = createGuard({ logger: { warn: () => {} } })
const registry = new Registry()
prometheusMetrics(guard, { registry })
const make = (): pg.Pool => new pg.Pool({ connectionString: process.argv[2], max: 1, idleTimeoutMillis: 1 })

async function tell(): Promise<void> {
  console.log(/^poolsafe_pool_acquires_total\{pool="main"\} (\d+)$/m.exec(await registry.metrics())?.[1])
}

async function useAndDrop(): Promise<void> {
  const pool = guardPool(make(), guard, { poolName: 'main', acquireTimeoutMillis: 3000 })
  for (let index = 0; index < 6; index++) await pool.query('SELECT 1')
  await tell()
}

const kept = guardPool(make(), guard, { poolName: 'main' })
await kept.query('SELECT 1')
await useAndDrop()
// An open connection holds its pool, and so does the timer of the acquire timeout: both are soon over.
for (let left = 1000; left > 0 && [...engineOf(guard).pools].length > 1; left--) {
  await sleep(50)
  gc()
}
console.log([...engineOf(guard).pools].length)
await tell()
await kept.query('SELECT 1')
await tell()
await kept.end()
