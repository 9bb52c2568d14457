import { once } from 'node:events'
import { connect } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { text } from 'node:stream/consumers'
import { PrismaPg } from '@prisma/adapter-pg'
import { poolers, type PoolerProfile } from '@poolsafe/core'
import { startHostilePooler, type HostilePoolerServer } from '@poolsafe/testing/hostile'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { PrismaClient } from '../../../generated/prisma7/client.ts'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

const tables = `
  CREATE TABLE "User" (id serial PRIMARY KEY, email text UNIQUE NOT NULL, name text);
  CREATE TABLE items (id int PRIMARY KEY, name text NOT NULL)`

let server: SharedPostgres
let pooler: HostilePoolerServer

beforeAll(async () => {
  server = await sharedPostgres()
  await direct(tables)
})
beforeEach(() => direct('TRUNCATE items, "User"'))
afterAll(() => server.stop())

async function direct(statements: string): Promise<pg.QueryResult> {
  const client = new pg.Client(server.url)
  await client.connect()
  try {
    return await client.query(statements)
  } finally {
    await client.end()
  }
}

const names = (rows: readonly { name: string }[]): string => rows.map(({ name }) => name).join()
const profiles: [string, PoolerProfile][] = [
  ['carries nothing', poolers.strictest()],
  ['takes names along', poolers.pgbouncer({ version: '1.26', serverVersion: 18 })],
]

describe.each(profiles)('behind a pooler that %s', (_name, profile) => {
  beforeEach(async () => {
    pooler = await startHostilePooler({ target: server, pooler: profile })
  })
  afterEach(() => pooler.stop())

  describe('pg', () => {
    let client: pg.Client

    beforeEach(async () => {
      client = new pg.Client(pooler.url)
      await client.connect()
    })
    afterEach(() => client.end())

    test('queries, transactions, savepoints and errors', async () => {
      await client.query('BEGIN')
      await client.query('INSERT INTO items VALUES ($1, $2)', [1, 'kept'])
      await client.query('SAVEPOINT a')
      await expect(client.query('INSERT INTO items VALUES (1, $1)', ['twice'])).rejects.toMatchObject({ code: '23505' })
      await expect(client.query('SELECT 1')).rejects.toMatchObject({ code: '25P02' })
      await client.query('ROLLBACK TO a')
      await client.query("INSERT INTO items VALUES (2, 'kept too')")
      await client.query('COMMIT')
      await client.query("BEGIN; INSERT INTO items VALUES (3, 'lost'); ROLLBACK; INSERT INTO items VALUES (4, 'last')")
      await expect(client.query('SELECT 1; SELECT 1/0; SELECT 2')).rejects.toMatchObject({ code: '22012' })
      expect(names((await client.query<{ name: string }>('SELECT name FROM items ORDER BY id')).rows)).toBe(
        'kept,kept too,last',
      )
      expect(await pooler.reports()).toEqual([])
    })

    test('large parameters and large results', async () => {
      const large = 'ü'.repeat(3_000_000)
      const { rows } = await client.query<{ back: string }>('SELECT $1::text AS back FROM generate_series(1, 2)', [
        large,
      ])
      expect(rows.every(({ back }) => back === large)).toBe(true)
      const { rowCount } = await client.query("SELECT n, repeat('x', 100) FROM generate_series(1, 50000) AS n")
      expect(rowCount).toBe(50_000)
    })

    test('cursors', async () => {
      await client.query('BEGIN')
      const cursor = client.query(new Cursor<{ n: number }>('SELECT n FROM generate_series(1, 10) AS n'))
      expect((await cursor.read(4)).map(({ n }) => n)).toEqual([1, 2, 3, 4])
      expect((await cursor.read(100)).length).toBe(6)
      await cursor.close()
      await client.query('COMMIT')
      const alone = client.query(new Cursor<{ n: number }>('SELECT n FROM generate_series(1, 10) AS n'))
      expect((await alone.read(3)).length).toBe(3)
      await alone.close()
      expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    })

    test('streams', async () => {
      let sum = 0
      const stream = client.query(new QueryStream('SELECT n FROM generate_series(1, 1000) AS n', [], { batchSize: 7 }))
      for await (const { n } of stream as AsyncIterable<{ n: number }>) sum += n
      expect(sum).toBe(500_500)
    })

    test('COPY in and out, and a COPY that fails', async () => {
      const lines = Array.from({ length: 20_000 }, (_, id) => `${id}\tname ${id}\n`)
      await pipeline(Readable.from(lines), client.query(copyFrom('COPY items FROM STDIN')))
      expect((await client.query('SELECT count(*)::int FROM items')).rows).toEqual([{ count: 20_000 }])
      const back = await text(client.query(copyTo('COPY (SELECT * FROM items ORDER BY id) TO STDOUT')))
      expect(back).toBe(lines.join(''))
      const wrong = pipeline(
        Readable.from(Array.from({ length: 20_000 }, () => 'not a number\n')),
        client.query(copyFrom('COPY items FROM STDIN')),
      )
      await expect(wrong).rejects.toMatchObject({ code: '22P02' })
      expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    })

    test('a cancel request, which meets its own query alone', async () => {
      const { processID, secretKey } = client as unknown as { processID: number; secretKey: number }
      const other = new pg.Client(pooler.url)
      await other.connect()
      const sleeping = expect(client.query("SELECT pg_sleep(60) /* 'to be canceled' */")).rejects.toMatchObject({
        code: '57014',
      })
      const untouched = other.query('SELECT pg_sleep(0.5)')
      const isRunning =
        "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%to be canceled%' AND pid <> pg_backend_pid()"
      await expect.poll(async () => (await direct(isRunning)).rowCount, { timeout: 60_000 }).toBe(1)
      await cancel(processID, secretKey)
      await sleeping
      expect((await untouched).rowCount).toBe(1)
      // Nothing is running: this cancels nothing.
      await cancel(processID, secretKey)
      expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
      await other.end()
    })

    test('pipelined queries, each on a session of its own', async () => {
      const piped = new pg.Client({ connectionString: pooler.url, pipeline: true })
      await piped.connect()
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          piped.query<{ n: number; pid: number }>('SELECT $1::int AS n, pg_backend_pid() AS pid', [n]),
        ),
      )
      const rows = answers.flatMap((answer) => answer.rows)
      expect(rows.map(({ n }) => n)).toEqual(Array.from({ length: 20 }, (_, n) => n))
      expect(rows.slice(1).filter(({ pid }, at) => pid === rows[at]?.pid)).toEqual([])
      await piped.end()
    })

    test('notifications: in a transaction they arrive, afterwards they do not', async () => {
      const heard: string[] = []
      client.on('notification', ({ payload = '' }) => heard.push(payload))
      await client.query('BEGIN')
      await client.query('LISTEN news')
      await client.query('COMMIT')
      await direct("NOTIFY news, 'too late'")
      await client.query("BEGIN; LISTEN news; NOTIFY news, 'own'; COMMIT")
      await client.query('SELECT 1')
      expect(heard).toEqual(['own'])
      expect((await pooler.reports()).map(({ states }) => states[0].rule)).toEqual(['session/listen', 'session/listen'])
    })
  })

  test('Kysely: queries, transactions and streams', async () => {
    const db = new Kysely<{ items: { id: number; name: string } }>({
      dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: pooler.url, max: 3 }), cursor: Cursor }),
    })
    await db
      .insertInto('items')
      .values([1, 2, 3].map((id) => ({ id, name: `item ${id}` })))
      .execute()
    await db.transaction().execute(async (transaction) => {
      await sql`SET LOCAL statement_timeout = '10s'`.execute(transaction)
      await transaction.updateTable('items').set({ name: 'changed' }).where('id', '=', 2).execute()
    })
    await expect(
      db.transaction().execute(async (transaction) => {
        await transaction.deleteFrom('items').execute()
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    const streamed: { name: string }[] = []
    for await (const row of db.selectFrom('items').select('name').orderBy('id').stream(1)) streamed.push(row)
    expect(names(streamed)).toBe('item 1,changed,item 3')
    await db.destroy()
    expect(await pooler.reports()).toEqual([])
  })

  test('Prisma: operations, transactions of both kinds and raw queries', async () => {
    const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: pooler.url, max: 3 }) })
    const user = await prisma.user.create({ data: { email: 'a@example.com', name: 'a' } })
    await prisma.$transaction([
      prisma.user.update({ where: { id: user.id }, data: { name: 'b' } }),
      prisma.user.create({ data: { email: 'c@example.com', name: 'c' } }),
    ])
    await prisma.$transaction(async (transaction) => {
      await transaction.$executeRaw`SET LOCAL statement_timeout = '10s'`
      await transaction.user.create({ data: { email: 'd@example.com', name: 'd' } })
    })
    await expect(prisma.user.create({ data: { email: 'a@example.com' } })).rejects.toMatchObject({ code: 'P2002' })
    expect(names(await prisma.$queryRaw<{ name: string }[]>`SELECT name FROM "User" ORDER BY email`)).toBe('b,c,d')
    await prisma.$disconnect()
    expect(await pooler.reports()).toEqual([])
  })

  test('postgres.js without names: pipelines, transactions, streams and COPY', async () => {
    const client = postgres(pooler.url, { max: 2, prepare: false, fetch_types: false, onnotice: () => undefined })
    await Promise.all(Array.from({ length: 50 }, (_, id) => client`INSERT INTO items VALUES (${id}, ${`item ${id}`})`))
    const rows = await Promise.all(
      Array.from({ length: 50 }, (_, id) => client<{ name: string }[]>`SELECT name FROM items WHERE id = ${id}`),
    )
    expect(rows.map(([row]) => row?.name)).toEqual(Array.from({ length: 50 }, (_, id) => `item ${id}`))
    await expect(
      client.begin(async (transaction) => {
        await transaction`DELETE FROM items`
        await transaction.savepoint((inner) => inner`SELECT 1/0`).catch(() => undefined)
        await transaction`SELECT nonsense`
      }),
    ).rejects.toMatchObject({ code: '42703' })
    let count = 0
    await client`SELECT * FROM items`.cursor(10, (part) => void (count += part.length))
    expect(count).toBe(50)
    const writable = await client`COPY items (id, name) FROM STDIN`.writable()
    await pipeline(Readable.from(['100\tcopied\n']), writable)
    expect(await client`SELECT name FROM items WHERE id = 100`).toEqual([{ name: 'copied' }])
    await client.end()
    expect(await pooler.reports()).toEqual([])
  })
})

/** A CancelRequest, as the protocol has it. The server answers by closing the connection. */
async function cancel(processID: number, secretKey: number): Promise<void> {
  const request = Buffer.alloc(16)
  for (const [at, value] of [16, 80877102, processID, secretKey].entries()) request.writeInt32BE(value, at * 4)
  const socket = connect(pooler.port, pooler.host, () => socket.write(request)).resume()
  await once(socket, 'close')
}

describe('named statements', () => {
  const named = { name: 'by name', text: 'SELECT $1::int AS n, pg_backend_pid() AS pid' }

  async function start(profile: PoolerProfile): Promise<pg.Client> {
    pooler = await startHostilePooler({ target: server, pooler: profile })
    const client = new pg.Client(pooler.url)
    await client.connect()
    return client
  }

  async function end(client: pg.Client): Promise<void> {
    await client.end()
    await pooler.stop()
  }

  test('follow the client to every session if the profile says so', async () => {
    const client = await start(poolers.pgbouncer({ version: '1.24' }))
    const pids = new Set<number>()
    for (let n = 0; n < 10; n++) {
      const { rows } = await client.query<{ n: number; pid: number }>({ ...named, values: [n] })
      expect(rows[0]?.n).toBe(n)
      pids.add(rows[0]?.pid ?? 0)
    }
    expect(pids.size).toBeGreaterThan(1)
    expect(await pooler.reports()).toEqual([])
    await end(client)
  })

  test('that cannot be prepared do no harm', async () => {
    const client = await start(poolers.pgbouncer({ version: '1.24' }))
    for (let count = 0; count < 3; count++) {
      await expect(client.query({ name: 'wrong', text: 'SELECT nonsense' })).rejects.toMatchObject({ code: '42703' })
    }
    await client.query('BEGIN')
    await expect(client.query('SELECT 1/0')).rejects.toMatchObject({ code: '22012' })
    await expect(client.query({ ...named, values: [1] })).rejects.toMatchObject({ code: '25P02' })
    await client.query('ROLLBACK')
    expect((await client.query<{ n: number }>({ ...named, values: [2] })).rows[0]?.n).toBe(2)
    await client.query('DISCARD ALL')
    await expect(client.query({ ...named, values: [3] })).rejects.toMatchObject({ code: '26000' })
    await end(client)
  })

  test('are not there on another session where it does not', async () => {
    const client = await start(poolers.pgbouncer({ version: '1.18' }))
    await client.query({ ...named, values: [1] })
    await expect(client.query({ ...named, values: [2] })).rejects.toMatchObject({ code: '26000' })
    const reports = await pooler.reports()
    expect(reports.flatMap(({ states }) => states.map(({ rule, does }) => [rule, does]))).toEqual([
      ['session/named-statement', 'leaves'],
      ['session/named-statement', 'needs'],
    ])
    await end(client)
  })

  test('are refused where it says so', async () => {
    const strictest = poolers.strictest()
    const client = await start({ ...strictest, carries: { ...strictest.carries, 'named-statement': 'rejected' } })
    await expect(client.query({ ...named, values: [1] })).rejects.toMatchObject({ code: '0A000' })
    expect((await client.query('SELECT $1::int AS n', [1])).rows).toEqual([{ n: 1 }])
    await end(client)
  })

  test('from postgres.js work as they do behind such a pooler', async () => {
    pooler = await startHostilePooler({ target: server, pooler: poolers.pgbouncer({ version: '1.26' }) })
    const client = postgres(pooler.url, { max: 3, onnotice: () => undefined })
    const rows = await Promise.all(
      Array.from({ length: 100 }, (_, n) => client<{ n: number }[]>`SELECT ${n}::int AS n`),
    )
    expect(rows.map(([row]) => row?.n)).toEqual(Array.from({ length: 100 }, (_, n) => n))
    await client.begin(async (transaction) => {
      await transaction`INSERT INTO items VALUES (1, 'one')`
      await transaction`INSERT INTO items VALUES (2, 'two')`
    })
    expect(names(await client<{ name: string }[]>`SELECT name FROM items ORDER BY id`)).toBe('one,two')
    await client.end()
    expect(await pooler.reports()).toEqual([])
    await pooler.stop()
  })
})
