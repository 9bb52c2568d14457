import { setTimeout as sleep } from 'node:timers/promises'
import { createGuard } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { connectCanned } from '../contenders/canned-server.ts'

// Prints how late 10,000 calls hear that they have waited for too long, in milliseconds. First argument: how many of
// them come at once, every ten milliseconds.

const waiters = 10_000
const everyMillis = 10
const atOnce = Number(process.argv[2])
/** So long that the last has come before the first gives up. */
const acquireTimeoutMillis = 500 + (waiters / atOnce) * everyMillis

// A first, smaller crowd has the code compiled.
await measure(1000, 1000)
const delays = (await measure(waiters, atOnce)).toSorted((a, b) => a - b)
const at = (part: number): number => delays[Math.ceil(part * delays.length) - 1] ?? Number.NaN
console.log(JSON.stringify({ p50: at(0.5), p99: at(0.99), longest: at(1) }))

async function measure(count: number, together: number): Promise<number[]> {
  const pool = guardPool(new pg.Pool({ stream: connectCanned, max: 1 }), createGuard(), { acquireTimeoutMillis })
  // By another request, as it were: who holds a connection and waits for another is told something else.
  const holder = await new Promise<pg.PoolClient>((resolve, reject) =>
    setImmediate(() => pool.connect().then(resolve, reject)),
  )
  // The timeout's timer does not keep the process alive, and there is no socket here that would.
  const alive = setInterval(() => {}, 1000)
  const waiting: Promise<number>[] = []
  while (waiting.length < count) {
    for (let index = 0; index < together; index++) waiting.push(waitInVain(pool))
    await sleep(everyMillis)
  }
  const results = await Promise.all(waiting)
  clearInterval(alive)
  holder.release()
  await pool.end()
  return results
}

async function waitInVain(pool: pg.Pool): Promise<number> {
  const start = performance.now()
  try {
    await pool.connect()
  } catch {
    return performance.now() - start - acquireTimeoutMillis
  }
  throw new Error('the only connection was free')
}
