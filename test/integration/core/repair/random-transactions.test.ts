import type { Guard } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { guardAdapter } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { Random } from '../../../fuzz/random.ts'
import { PrismaClient } from '../../../generated/prisma7/client.ts'
import { repairingGuard } from '../../../support/repairing-guard.ts'
import { leftBehind } from '../../../support/session/left-behind.ts'
import { startNarrowPooler, type NarrowPooler } from '../../../support/servers/narrow-pooler.ts'

// Random transactions leave prepared statements, temporary objects and settings, and fail at any place. Behind a pooler
// with one server connection, a second client looks for what is left.

const transactions = 60

const fragments = [
  'SELECT 1 / 0',
  'SAVEPOINT s',
  'ROLLBACK TO s',
  'RELEASE s',
  'CREATE TEMP VIEW v AS SELECT 1',
  'DROP VIEW v',
  "CREATE TYPE pg_temp.mood AS ENUM ('ok')",
  'CREATE TEMP TABLE t (id int)',
  "SET app.a = 'x'",
  'INSERT INTO child VALUES (1)',
  'DEALLOCATE ALL',
  'SELECT 1',
]
const names = ['a', '"B c"', 'd']

interface Made {
  readonly statements: readonly string[]
  readonly commits: boolean
}

function made(index: number): Made {
  const random = new Random(7, index)
  const statement = (): string => {
    const name = random.pick(names)
    const own = [`PREPARE ${name} AS SELECT 1`, `EXECUTE ${name}`, `DEALLOCATE ${name}`]
    return random.pick([...own, `PREPARE ${name} (int) AS SELECT $1`, ...fragments])
  }
  return { statements: Array.from({ length: 2 + random.below(6) }, statement), commits: random.chance(0.7) }
}

/** Plays a transaction. @returns the answers to its statements and to its end */
type Play = (transaction: Made) => Promise<string[]>

interface Way {
  readonly play: Play
  readonly close: () => Promise<unknown>
}

const rolledBack = new Error('rolled back by the application')

async function answerTo(sent: Promise<unknown>): Promise<string> {
  return sent.then(
    (result) => String((result as pg.QueryResult | undefined)?.command),
    (error: pg.DatabaseError) => error.code ?? error.message,
  )
}

function viaPg(pool: pg.Pool, send: (client: pg.PoolClient, sql: string) => Promise<unknown>): Way {
  return {
    async play({ statements, commits }) {
      const client = await pool.connect()
      const answers: string[] = []
      for (const sql of ['BEGIN', ...statements, commits ? 'COMMIT' : 'ROLLBACK'])
        answers.push(await answerTo(send(client, sql)))
      client.release()
      return answers
    },
    close: () => pool.end(),
  }
}

const byPromise = (client: pg.PoolClient, sql: string): Promise<unknown> => client.query(sql)
const byCallback = (client: pg.PoolClient, sql: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    client.query(sql, (error: Error | null, result: unknown) => (error ? reject(error) : resolve(result)))
  })

/** Plays a transaction in the callback of an ORM. */
async function playIn(
  { statements, commits }: Made,
  begin: (work: (send: (sql: string) => Promise<unknown>) => Promise<void>) => Promise<unknown>,
): Promise<string[]> {
  const answers: string[] = []
  const all = begin(async (send) => {
    for (const sql of statements) answers.push(await answerTo(send(sql)))
    if (!commits) throw rolledBack
  })
  return [...answers, await answerTo(all)]
}

function viaKysely(pool: pg.Pool, guard: Guard): Way {
  const db = new Kysely<{}>({ dialect: guardDialect(new PostgresDialect({ pool }), guard) })
  return {
    play: (transaction) =>
      playIn(transaction, (work) =>
        db.transaction().execute((trx) => work((sql) => trx.executeQuery(CompiledQuery.raw(sql)))),
      ),
    close: () => db.destroy(),
  }
}

function viaPrisma(pool: pg.Pool, guard: Guard): Way {
  const prisma = new PrismaClient({ adapter: guardAdapter(new PrismaPg(pool), guard) })
  return {
    play: (transaction) =>
      playIn(transaction, (work) => prisma.$transaction((tx) => work((sql) => tx.$executeRawUnsafe(sql)))),
    async close() {
      await prisma.$disconnect()
      await pool.end()
    },
  }
}

let narrow: NarrowPooler
let stranger: pg.Client
/** A session that no pooler shares. */
let own: pg.Pool
beforeAll(async () => {
  narrow = await startNarrowPooler()
  stranger = new pg.Client(narrow.pooler.url)
  await stranger.connect()
  own = new pg.Pool({ connectionString: narrow.server.url, max: 1 })
  await stranger.query(`
    CREATE TABLE parent (id int PRIMARY KEY);
    CREATE TABLE child (parent int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
  `)
})
afterAll(async () => {
  await stranger?.end()
  await own?.end()
  await narrow?.stop()
})

const open = (): pg.Pool => new pg.Pool({ connectionString: narrow.pooler.url, max: 1 })
const ways: Readonly<Record<string, (guard: Guard) => Way>> = {
  'pg with promises': (guard) => viaPg(guardPool(open(), guard), byPromise),
  'pg with callbacks': (guard) => viaPg(guardPool(open(), guard), byCallback),
  Kysely: (guard) => viaKysely(open(), guard),
  'Kysely over a guarded pool': (guard) => viaKysely(guardPool(open(), guard), guard),
  Prisma: (guard) => viaPrisma(open(), guard),
}

async function answersOnOwnConnection(transaction: Made): Promise<string[]> {
  const answers = await viaPg(own, byPromise).play(transaction)
  await own.query('DISCARD ALL')
  return answers
}

it.each(Object.entries(ways))(`%s leaves nothing after ${transactions} transactions`, async (name, openWay) => {
  const { guard, found } = repairingGuard()
  const way = openWay(guard)
  let reported = 0
  for (let index = 0; index < transactions; index++) {
    const transaction = made(index)
    found.length = 0
    const answers = await way.play(transaction)
    const left = await leftBehind(stranger)
    const isReported = found.some((reason) => reason?.includes('the end of the transaction failed') === true)
    if (isReported) reported++
    else expect({ transaction, left }).toEqual({ transaction, left: [] })
    if (name.startsWith('pg')) expect(answers).toEqual(await answersOnOwnConnection(transaction))
    await stranger.query('DISCARD ALL')
  }
  // A COMMIT that fails leaves what was prepared, and the guard reports it.
  expect(reported).toBeGreaterThan(0)
  expect(reported).toBeLessThan(transactions / 6)
  await way.close()
})
