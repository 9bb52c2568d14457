import {
  createGuard,
  poolers,
  UnsafeStatementError,
  type FindingEvent,
  type Guard,
  type GuardOptions,
} from '@poolsafe/core'
import { engineOf } from '@poolsafe/core/adapter'
import { guardClient, guardPool } from '@poolsafe/pg'
import { guardAdapter } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import pgOldest from 'pg-oldest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PrismaClient } from '../../generated/prisma7/client.ts'
import { startTalkingProxy, type TalkingProxy } from './talking-proxy.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

const said = {
  'pgbouncer.version': '1.26.1',
  'pgbouncer.pool_mode': 'transaction',
  'pgbouncer.max_prepared_statements': '200',
}

let server: SharedPostgres
let pooler: TalkingProxy

beforeAll(async () => {
  server = await sharedPostgres()
  pooler = await startTalkingProxy(server, said)
})

afterAll(async () => {
  await pooler.stop()
  await server.stop()
})

function watched(options: GuardOptions): {
  readonly guard: Guard
  readonly findings: FindingEvent[]
  readonly warnings: string[]
} {
  const findings: FindingEvent[] = []
  const warnings: string[] = []
  const guard = createGuard({ logger: { warn: (message) => void warnings.push(message) }, ...options })
  guard.on('finding', (event) => void findings.push(event))
  return { guard, findings, warnings }
}

const direct = { pooler: poolers.direct() }
const difference = 'the guard’s profile does not fit the connection: it says mode session, not mode transaction'

describe.each([
  ['pg', pg.Pool],
  ['pg 8.11', pgOldest.Pool],
] as const)('a pool of %s whose pooler says at login that it is another one', (_name, Pool) => {
  it('reports it once, however many connections it opens and however many pools the guard has', async () => {
    const { guard, findings, warnings } = watched(direct)
    for (let round = 0; round < 2; round++) {
      const pool = guardPool(new Pool({ connectionString: pooler.url, max: 3 }), guard)
      const clients = await Promise.all([pool.connect(), pool.connect(), pool.connect()])
      expect((await clients[0].query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
      for (const client of clients) client.release()
      await pool.end()
    }
    expect(findings.map(({ findings: [{ rule, outcome }] }) => [rule, outcome])).toEqual([
      ['connection/wrong-profile', 'unknown'],
    ])
    expect(warnings).toEqual([expect.stringContaining(difference)])
    expect(warnings[0]).toContain('at login the pooler says that it is PgBouncer 1.26.1 in transaction mode')
    expect(warnings[0]).not.toContain(new URL(pooler.url).password)
  })

  it('hands out no connection in strict mode, and leaves none behind', async () => {
    const pool = guardPool(new Pool({ connectionString: pooler.url, max: 1 }), { mode: 'strict', ...direct })
    for (let round = 0; round < 2; round++)
      await expect(pool.query('SELECT 1')).rejects.toBeInstanceOf(UnsafeStatementError)
    await expect(pool.connect()).rejects.toMatchObject({ rule: 'connection/wrong-profile' })
    const error = await new Promise((resolve) => pool.connect((caught) => resolve(caught)))
    expect(error).toBeInstanceOf(UnsafeStatementError)
    expect(pool.totalCount).toBe(0)
    await pool.end()
  })

  it('finds nothing if the profile fits or claims nothing, or if the pooler reveals nothing', async () => {
    const fitting = poolers.pgbouncer({ version: '1.26', serverVersion: 18, maxPreparedStatements: 200 })
    for (const [profile, url] of [
      [fitting, pooler.url],
      [poolers.strictest(), pooler.url],
      [poolers.direct(), server.url],
    ] as const) {
      const { guard, findings } = watched({ mode: 'strict', pooler: profile })
      const pool = guardPool(new Pool({ connectionString: url, max: 1 }), guard)
      await pool.query('SELECT 1')
      expect(findings).toEqual([])
      await pool.end()
    }
  })
})

describe('a single client', () => {
  it('fails to connect in strict mode, by promise and by callback', async () => {
    const clientOf = (): pg.Client => guardClient(new pg.Client(pooler.url), { mode: 'strict', ...direct })
    await expect(clientOf().connect()).rejects.toMatchObject({ rule: 'connection/wrong-profile' })
    const error = await new Promise((resolve) => clientOf().connect(resolve))
    expect(error).toMatchObject({ rule: 'connection/wrong-profile' })
  })

  it('connects in warn mode, with what the driver resolves to', async () => {
    const { guard, findings } = watched(direct)
    const client = guardClient(new pg.Client(pooler.url), guard)
    const bare = new pg.Client(pooler.url)
    expect((await (client.connect() as Promise<unknown>)) === client).toBe(
      (await (bare.connect() as Promise<unknown>)) === bare,
    )
    expect(findings).toHaveLength(1)
    await client.end()
    await bare.end()
  })
})

describe('watching logins', () => {
  it('keeps the class of the clients, and the errors of a login that fails', async () => {
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }))
    const client = await pool.connect()
    expect(client).toBeInstanceOf(pg.Client)
    expect(client.constructor).toBe(pg.Client)
    client.release()
    await pool.end()
    const wrong = new URL(server.url)
    wrong.pathname = '/missing'
    const failing = guardPool(new pg.Pool({ connectionString: wrong.href }), { mode: 'strict' })
    await expect(failing.connect()).rejects.toMatchObject({ code: '3D000' })
    await failing.end()
  })

  it('leaves the pool one that Prisma accepts as its own, and reports through it', async () => {
    const { guard, findings } = watched(direct)
    const pool = guardPool(new pg.Pool({ connectionString: pooler.url, max: 1 }), guard)
    const factory = guardAdapter(new PrismaPg(pool), guard)
    const prisma = new PrismaClient({ adapter: factory })
    await prisma.$queryRaw`SELECT 1`
    expect(engineOf((await factory.connect()).underlyingDriver())).toBe(engineOf(guard))
    expect(findings.map(({ findings: [{ rule }] }) => rule)).toEqual(['connection/wrong-profile'])
    await prisma.$disconnect()
    await pool.end()
  })
})

describe('the URL of a service', () => {
  const pooled = 'postgresql://app:geheim@aws-0-eu.pooler.supabase.com:6543/postgres'

  it.each<[string, pg.PoolConfig]>([
    ['a URL', { connectionString: pooled }],
    ['host and port', { host: 'aws-0-eu.pooler.supabase.com', port: 6543 }],
  ])('speaks against a profile before any connection, by %s', async (_name, config) => {
    const attempt = (): unknown => guardPool(new pg.Pool(config), { mode: 'strict', ...direct })
    expect(attempt).toThrow('the guard’s profile does not fit the connection')
    const { guard, warnings } = watched(direct)
    guardPool(new pg.Pool(config), guard)
    guardPool(new pg.Pool(config), guard)
    expect(warnings).toEqual([expect.stringContaining('the host is Supabase’s shared pooler')])
    expect(warnings.join()).not.toMatch(/geheim|aws-0|supabase\.com/)
    expect(guardPool(new pg.Pool(config), { mode: 'strict', pooler: poolers.supabase() })).toBeInstanceOf(pg.Pool)
  })

  it('speaks when PrismaPg connects', async () => {
    const factory = guardAdapter(new PrismaPg({ connectionString: pooled }), { mode: 'strict', ...direct })
    await expect(factory.connect()).rejects.toMatchObject({ rule: 'connection/wrong-profile' })
  })
})
