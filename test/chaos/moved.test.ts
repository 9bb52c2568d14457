import { createGuard, poolers } from '@poolsafe/core'
import { guardPool, poolStatistics } from '@poolsafe/pg'
import { startPgBouncer, startPostgres, type PgBouncerServer, type PostgresServer } from '@poolsafe/testing/servers'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { Proxy } from '../support/servers/proxy.ts'

// Callers whose checkouts move to direct connections, while the way to PostgreSQL itself breaks: while they hold such a
// connection, while it is cleaned, and while they wait for one. Nothing may be lost or doubled, and no state may stay
// on a connection that another caller gets.

let server: PostgresServer
let pooler: PgBouncerServer
let admin: pg.Client
beforeAll(async () => {
  server = await startPostgres({ settings: { max_connections: '100' } })
  pooler = await startPgBouncer({ target: server, defaultPoolSize: 4 })
  admin = new pg.Client(server.url)
  await admin.connect()
  await admin.query('CREATE TABLE written (id text NOT NULL)')
})
afterAll(async () => {
  await admin.end()
  await pooler.stop()
  await server.stop()
})

const callers = 8
const application = 'moved_callers'

/** The observations of the callers. */
class Seen {
  readonly committed: string[] = []
  /** Written once or not at all: the connection was lost before the answer. */
  readonly unknown: string[] = []
  /** State of another caller. */
  readonly foreign: unknown[] = []
  failures = 0
  isOver = false
}

/** The state that one caller must not find, and that it leaves. */
const mark = `SELECT coalesce(current_setting('app.holder', true), '') AS holder,
  (SELECT count(*)::int FROM pg_listening_channels()) AS channels,
  (SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()) AS locks,
  to_regclass('pg_temp.mine')::text AS temporary,
  set_config('app.holder', $1, false) AS mine`
const clean = { holder: '', channels: 0, locks: 0, temporary: null }

async function work(client: pg.PoolClient, id: string, seen: Seen): Promise<void> {
  const { rows } = await client.query<typeof clean & { mine: string }>(mark, [id])
  const { mine, ...found } = rows[0] ?? { ...clean, mine: '' }
  if (JSON.stringify(found) !== JSON.stringify(clean) || mine !== id) seen.foreign.push(rows[0])
  await client.query(`LISTEN mine; CREATE TEMP TABLE mine (a int)`)
  await client.query('SELECT pg_advisory_lock_shared(7)')
  seen.unknown.push(id)
  await client.query('INSERT INTO written VALUES ($1)', [id])
  seen.unknown.pop()
  seen.committed.push(id)
  const now = await client.query<{ holder: string }>("SELECT current_setting('app.holder') AS holder")
  if (now.rows[0]?.holder !== id) seen.foreign.push(now.rows[0])
}

async function callAgainAndAgain(pool: pg.Pool, name: string, seen: Seen): Promise<void> {
  for (let round = 0; !seen.isOver; round++) {
    const id = `${name}/${round}`
    const own = new Seen()
    try {
      const client = await pool.connect()
      client.on('error', () => {})
      await work(client, id, own).finally(() => client.release())
    } catch {
      own.failures++
      await sleep(5)
    }
    seen.committed.push(...own.committed)
    seen.unknown.push(...own.unknown)
    seen.foreign.push(...own.foreign)
    seen.failures += own.failures
  }
}

type Fault = (proxy: Proxy, pool: pg.Pool) => Promise<void>

const faults: Readonly<Record<string, Fault>> = {
  'connections are reset': async (proxy) => {
    for (let time = 0; time < 20; time++) {
      proxy.resetAll()
      await sleep(30)
    }
  },
  'server processes are ended': async () => {
    for (let time = 0; time < 10; time++) {
      await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '${application}'`,
      )
      await sleep(60)
    }
  },
  'the server is gone while connections are cleaned': async (proxy) => {
    let times = 0
    proxy.cuts = (sent) => sent.includes('DISCARD ALL') && times++ % 2 === 0
    await vi.waitFor(() => expect(times).toBeGreaterThan(20), { timeout: 60_000 })
    proxy.cuts = undefined
  },
  'the server is gone while callers wait': async (proxy, direct) => {
    await proxy.close()
    await vi.waitFor(() => expect(poolStatistics(direct)?.waiting).toBeGreaterThan(0), { timeout: 60_000 })
    await sleep(200)
    await proxy.open()
  },
}

it.each(Object.entries(faults))('%s', { timeout: 120_000 }, async (name, cause) => {
  await admin.query('TRUNCATE written')
  const proxy = new Proxy(server.port)
  await proxy.open()
  const directUrl = new URL(server.url)
  directUrl.port = String(proxy.port)
  const guard = createGuard({ mode: 'repair', pooler: poolers.pgbouncer({ version: '1.18' }), logger: { warn() {} } })
  const direct = new pg.Pool({ connectionString: directUrl.href, max: 3, application_name: application })
  const pool = guardPool(new pg.Pool({ connectionString: pooler.url, max: 4 }), guard, {
    direct,
    acquireTimeoutMillis: 20_000,
  })
  const seen = new Seen()
  const all = Array.from({ length: callers }, (_, at) => callAgainAndAgain(pool, `${name} ${at}`, seen))
  await vi.waitFor(() => expect(seen.committed.length).toBeGreaterThan(20), { timeout: 60_000 })
  await cause(proxy, direct)
  const before = seen.committed.length
  await vi.waitFor(() => expect(seen.committed.length).toBeGreaterThan(before + 20), { timeout: 60_000 })
  seen.isOver = true
  await Promise.all(all)
  await vi.waitFor(() => expect(poolStatistics(direct)).toMatchObject({ active: 0, waiting: 0 }), { timeout: 60_000 })
  expect(poolStatistics(pool)).toMatchObject({ active: 0, waiting: 0 })
  await pool.end()
  await direct.end()
  await proxy.close()

  const { rows } = await admin.query<{ id: string }>('SELECT id FROM written')
  const written = rows.map(({ id }) => id)
  expect(seen.foreign).toEqual([])
  expect(new Set(written).size).toBe(written.length)
  expect(seen.committed.filter((id) => !written.includes(id))).toEqual([])
  const asked = new Set([...seen.committed, ...seen.unknown])
  expect(written.filter((id) => !asked.has(id))).toEqual([])
  expect(guard.stats().movedFindings['session/set-config']).toBeGreaterThanOrEqual(seen.committed.length)
})
