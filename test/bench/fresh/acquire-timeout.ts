import { setTimeout as sleep } from 'node:timers/promises'
import { createGuard } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { connectCanned } from '../contenders/canned-server.ts'
import { guardLeast } from '../contenders/least-gate.ts'

// Prints how late 10,000 calls hear that they have waited for too long, in milliseconds: by the clock, and as CPU time
// that this process has used since they were due. On a busy machine only the second is the doing of the pool.
// First argument: how many of the calls come at once, every ten milliseconds. Second argument: guarded, least (the
// least that a gate can do), or bare (pg-pool with its own `connectionTimeoutMillis`).

const waiters = 10_000
const everyMillis = 10
const atOnce = Number(process.argv[2])
const kind = process.argv[3] ?? 'guarded'
/** So long that the last has come before the first gives up. */
const acquireTimeoutMillis = 500 + (waiters / atOnce) * everyMillis

interface Delay {
  readonly clockMillis: number
  readonly cpuMillis: number
}

/** The CPU time of the process by the clock, noted every millisecond in which the event loop is free. */
class Moments {
  readonly #noted: { readonly atMillis: number; readonly cpuMillis: number }[] = []
  // The pool's timer does not keep the process alive. This one does.
  readonly #timer = setInterval(() => this.#noted.push({ atMillis: performance.now(), cpuMillis: cpuUsed() }), 1)

  /** Returns the CPU time at the last moment before this one. */
  cpuAt(millis: number): number {
    return this.#noted.findLast(({ atMillis }) => atMillis <= millis)?.cpuMillis ?? Number.NaN
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}

// The first, smaller crowd only has the code compiled.
await measure(1000, 1000)
const delays = await measure(waiters, atOnce)
const figures = {
  p50: at('cpuMillis', 0.5),
  p99: at('cpuMillis', 0.99),
  longest: at('cpuMillis', 1),
  clockP99: at('clockMillis', 0.99),
}
console.log(JSON.stringify(figures))

function at(figure: keyof Delay, part: number): number {
  const sorted = delays.map((delay) => delay[figure]).toSorted((a, b) => a - b)
  return sorted[Math.ceil(part * sorted.length) - 1] ?? Number.NaN
}

async function measure(count: number, together: number): Promise<Delay[]> {
  const pool = openPool()
  // In another context: a caller that holds a connection and waits for a second one gets another error.
  const holder = await new Promise<pg.PoolClient>((resolve, reject) =>
    setImmediate(() => pool.connect().then(resolve, reject)),
  )
  const moments = new Moments()
  const waiting: Promise<Delay>[] = []
  while (waiting.length < count) {
    for (let index = 0; index < together; index++) waiting.push(waitInVain(pool, moments))
    await sleep(everyMillis)
  }
  const results = await Promise.all(waiting)
  moments.stop()
  holder.release()
  await pool.end()
  return results
}

function openPool(): pg.Pool {
  const options = { stream: connectCanned, max: 1 }
  if (kind === 'bare') return new pg.Pool({ ...options, connectionTimeoutMillis: acquireTimeoutMillis })
  const plain = new pg.Pool(options)
  return kind === 'least'
    ? guardLeast(plain, acquireTimeoutMillis)
    : guardPool(plain, createGuard(), { acquireTimeoutMillis })
}

async function waitInVain(pool: pg.Pool, moments: Moments): Promise<Delay> {
  const dueMillis = performance.now() + acquireTimeoutMillis
  try {
    await pool.connect()
  } catch {
    return { clockMillis: performance.now() - dueMillis, cpuMillis: cpuUsed() - moments.cpuAt(dueMillis) }
  }
  throw new Error('the only connection was free')
}

function cpuUsed(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
