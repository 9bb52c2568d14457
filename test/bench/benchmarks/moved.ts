import { createGuard, poolers } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import { startPgBouncer, startPostgres } from '@poolsafe/testing/servers'
import { once } from 'node:events'
import pg from 'pg'
import type { Benchmark, Measure } from '../benchmark.ts'
import { median } from '../statistics.ts'

const warmUp = 300

/**
 * A checkout that moves to a direct connection, and the same work on a direct pool: acquire, LISTEN, DISCARD ALL,
 * release. On real servers, so the figures are the times of the machine with its load.
 */
export const movedCheckout: Benchmark = {
  name: 'moved',
  async run({ quick }) {
    const server = await startPostgres()
    const pooler = await startPgBouncer({ target: server })
    const guard = createGuard({ pooler: poolers.pgbouncer({ version: '1.18' }), logger: { warn: () => {} } })
    const direct = new pg.Pool({ connectionString: server.url, max: 1 })
    const pool = guardPool(new pg.Pool({ connectionString: pooler.url, max: 1 }), guard, { direct })
    const plain = new pg.Pool({ connectionString: server.url, max: 1 })
    const works = { direct: () => onDirect(plain), moved: () => moving(pool, direct) }
    try {
      return await measure(works, quick ? 300 : 3000)
    } finally {
      await pool.end()
      await Promise.all([direct.end(), plain.end()])
      await pooler.stop()
      await server.stop()
    }
  },
}

async function onDirect(plain: pg.Pool): Promise<void> {
  const client = await plain.connect()
  await client.query('LISTEN bench')
  await client.query('DISCARD ALL')
  client.release()
}

async function moving(pool: pg.Pool, direct: pg.Pool): Promise<void> {
  const client = await pool.connect()
  await client.query('LISTEN bench')
  const cleaned = once(direct, 'release')
  client.release()
  await cleaned
}

type Works = Readonly<Record<'direct' | 'moved', () => Promise<void>>>

async function measure(works: Works, rounds: number): Promise<Measure[]> {
  const clock = { direct: [] as number[], moved: [] as number[] }
  const cpu = { direct: 0, moved: 0 }
  for (let round = -warmUp; round < rounds; round++) {
    for (const name of round % 2 === 0 ? (['direct', 'moved'] as const) : (['moved', 'direct'] as const)) {
      const [since, used] = [performance.now(), process.cpuUsage()]
      await works[name]()
      const { user, system } = process.cpuUsage(used)
      if (round < 0) continue
      clock[name].push(performance.now() - since)
      cpu[name] += (user + system) / 1000 / rounds
    }
  }
  return [
    { what: 'direct checkout with LISTEN and DISCARD ALL, median', value: median(clock.direct), unit: 'ms' },
    { what: 'the same by a checkout that moves, median', value: median(clock.moved), unit: 'ms' },
    { what: 'CPU time that moving adds', value: cpu.moved - cpu.direct, unit: 'ms' },
  ]
}
