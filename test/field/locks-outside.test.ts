import { createGuard, type Guard } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { PrismaClient } from '../generated/prisma7/client.ts'
import { inTransaction } from '../support/session/in-transaction.ts'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

// Two workers take a job from a table, or enter a section that is meant for one of them.

interface Database {
  readonly jobs: { id: number; taken: boolean }
}

/** The steps that a worker has done, and its next one. */
type Step = () => Promise<void>

interface Worker {
  /** Takes a job and marks it, in two statements of their own. @returns the id of the job, known before it is marked */
  takeLoosely(beforeMark: Step): Promise<number | undefined>
  /** The same in one transaction. */
  takeInTransaction(beforeMark: Step): Promise<number | undefined>
  /** The same in one statement. */
  takeInOneStatement(): Promise<number | undefined>
  /** Returns true if the section is free, asked outside a transaction. */
  enterLoosely(): Promise<boolean | undefined>
  /** The same inside one, in which `inside` runs. */
  enterInTransaction(inside: Step): Promise<boolean | undefined>
  close(): Promise<void>
}

const next = 'SELECT id FROM jobs WHERE NOT taken AND run_at <= now() ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED'
const take = `UPDATE jobs SET taken = true WHERE id = (${next}) RETURNING id`
const enter = 'SELECT pg_try_advisory_xact_lock(42) AS entered'

function openPg(url: string, guard: Guard): Worker {
  const pool = guardPool(new pg.Pool({ connectionString: url }), guard)
  type Sender = Pick<pg.Pool, 'query'>
  const takeOn = async (sender: Sender, beforeMark: Step): Promise<number | undefined> => {
    const id = (await sender.query<{ id: number }>(next)).rows[0]?.id
    await beforeMark()
    await sender.query('UPDATE jobs SET taken = true WHERE id = $1', [id])
    return id
  }
  const entered = async (sender: Sender): Promise<boolean | undefined> =>
    (await sender.query<{ entered: boolean }>(enter)).rows[0]?.entered
  return {
    takeLoosely: (beforeMark) => takeOn(pool, beforeMark),
    takeInTransaction: (beforeMark) => inTransaction(pool, (client) => takeOn(client, beforeMark)),
    takeInOneStatement: async () => (await pool.query<{ id: number }>(take)).rows[0]?.id,
    enterLoosely: () => entered(pool),
    enterInTransaction: (inside) =>
      inTransaction(pool, async (client) => {
        const is = await entered(client)
        await inside()
        return is
      }),
    close: () => pool.end(),
  }
}

function openKysely(url: string, guard: Guard): Worker {
  const dialect = new PostgresDialect({ pool: new pg.Pool({ connectionString: url }) })
  const db = new Kysely<Database>({ dialect: guardDialect(dialect, guard) })
  const takeOn = async (on: Kysely<Database>, beforeMark: Step): Promise<number | undefined> => {
    const free = on.selectFrom('jobs').select('id').where('taken', '=', false).orderBy('id').limit(1)
    const id = (await free.forUpdate().skipLocked().executeTakeFirst())?.id
    await beforeMark()
    if (id !== undefined) await on.updateTable('jobs').set({ taken: true }).where('id', '=', id).execute()
    return id
  }
  const entered = async (on: Kysely<Database>): Promise<boolean | undefined> =>
    (await sql<{ entered: boolean }>`select pg_try_advisory_xact_lock(42) as entered`.execute(on)).rows[0]?.entered
  return {
    takeLoosely: (beforeMark) => takeOn(db, beforeMark),
    takeInTransaction: (beforeMark) => db.transaction().execute((trx) => takeOn(trx, beforeMark)),
    takeInOneStatement: async () => {
      const free = db
        .selectFrom('jobs')
        .select('id')
        .where('taken', '=', false)
        .orderBy('id')
        .limit(1)
        .forUpdate()
        .skipLocked()
      return (
        await db.updateTable('jobs').set({ taken: true }).where('id', '=', free).returning('id').executeTakeFirst()
      )?.id
    },
    enterLoosely: () => entered(db),
    enterInTransaction: (inside) =>
      db.transaction().execute(async (trx) => {
        const is = await entered(trx)
        await inside()
        return is
      }),
    close: () => db.destroy(),
  }
}

function openPrisma(url: string, guard: Guard): Worker {
  const adapter = guardAdapter(new PrismaPg({ connectionString: url }), guard)
  const prisma = new PrismaClient({ adapter }).$extends(poolsafe(guard)) as unknown as PrismaClient
  type Sender = Pick<PrismaClient, '$queryRawUnsafe' | '$executeRaw'>
  const takeOn = async (on: Sender, beforeMark: Step): Promise<number | undefined> => {
    const [job] = await on.$queryRawUnsafe<{ id: number }[]>(next)
    await beforeMark()
    if (job !== undefined) await on.$executeRaw`UPDATE jobs SET taken = true WHERE id = ${job.id}`
    return job?.id
  }
  const entered = async (on: Sender): Promise<boolean | undefined> =>
    (await on.$queryRawUnsafe<{ entered: boolean }[]>(enter))[0]?.entered
  return {
    takeLoosely: (beforeMark) => takeOn(prisma, beforeMark),
    takeInTransaction: (beforeMark) => prisma.$transaction((tx) => takeOn(tx, beforeMark), { timeout: 60_000 }),
    takeInOneStatement: async () => (await prisma.$queryRawUnsafe<{ id: number }[]>(take))[0]?.id,
    enterLoosely: () => entered(prisma),
    enterInTransaction: (inside) =>
      prisma.$transaction(
        async (tx) => {
          const is = await entered(tx)
          await inside()
          return is
        },
        { timeout: 60_000 },
      ),
    close: () => prisma.$disconnect(),
  }
}

let server: SharedPostgres
let admin: pg.Client

beforeAll(async () => {
  server = await sharedPostgres()
  admin = new pg.Client(server.url)
  await admin.connect()
  await admin.query(
    'CREATE TABLE jobs (id int PRIMARY KEY, taken boolean NOT NULL DEFAULT false, run_at timestamptz NOT NULL DEFAULT now())',
  )
})
afterAll(async () => {
  await admin.end()
  await server.stop()
})
beforeEach(async () => {
  await admin.query('TRUNCATE jobs; INSERT INTO jobs VALUES (1), (2)')
})

describe.each([
  ['pg', openPg],
  ['Kysely', openKysely],
  ['Prisma', openPrisma],
])('two workers through %s', (_name, open) => {
  let workers: readonly Worker[] = []
  let found: string[] = []

  function hire(): [Worker, Worker] {
    const guard = createGuard({ logger: { warn() {} } })
    found = []
    guard.on(
      'finding',
      ({ findings }) => void found.push(...findings.map(({ rule, outcome }) => `${rule}: ${outcome}`)),
    )
    const hired: [Worker, Worker] = [open(server.url, guard), open(server.url, guard)]
    workers = hired
    return hired
  }

  afterEach(() => Promise.all(workers.map((worker) => worker.close())))

  it('get the same job outside a transaction, which is found', async () => {
    const [one, other] = hire()
    let second: number | undefined
    const first = await one.takeLoosely(async () => {
      second = await other.takeLoosely(async () => {})
    })
    expect([first, second]).toEqual([1, 1])
    expect(new Set(found)).toEqual(new Set(['transaction/lock-outside: ineffective']))
  })

  it('get a job each inside a transaction, and nothing is found', async () => {
    const [one, other] = hire()
    let second: number | undefined
    const first = await one.takeInTransaction(async () => {
      second = await other.takeInTransaction(async () => {})
    })
    expect([first, second]).toEqual([1, 2])
    expect(found).toEqual([])
  })

  it('get a job each from one statement, and nothing is found', async () => {
    const [one, other] = hire()
    expect(await Promise.all([one.takeInOneStatement(), other.takeInOneStatement()])).toHaveLength(2)
    expect((await admin.query('SELECT FROM jobs WHERE taken')).rowCount).toBe(2)
    expect(found).toEqual([])
  })

  it('are both inside a section outside a transaction, which is found', async () => {
    const [one, other] = hire()
    expect([await one.enterLoosely(), await other.enterLoosely()]).toEqual([true, true])
    expect(new Set(found)).toEqual(new Set(['transaction/lock-outside: ineffective']))
  })

  it('are inside it one at a time in a transaction, and nothing is found', async () => {
    const [one, other] = hire()
    let second: boolean | undefined
    const first = await one.enterInTransaction(async () => {
      second = await other.enterInTransaction(async () => {})
    })
    expect([first, second]).toEqual([true, false])
    expect(found).toEqual([])
  })
})

describe('statements that are sent alone', () => {
  const guard = createGuard()
  const rulesOf = (text: string): string[] => guard.inspect(text).findings.map(({ rule }) => rule)

  it.each([
    'SELECT pg_advisory_xact_lock(1), pg_advisory_xact_lock(2)',
    'SELECT pg_advisory_xact_lock(my_hash($1))',
    'SELECT * FROM pg_try_advisory_xact_lock_shared($1, $2)',
    'SELECT 1 FROM (SELECT pg_advisory_xact_lock(1)) l',
    'WITH l AS (SELECT pg_advisory_xact_lock(1)) SELECT 1 FROM l',
    'SELECT id FROM jobs WHERE NOT taken AND pg_try_advisory_xact_lock(id) LIMIT 1',
    'SELECT CASE WHEN pg_try_advisory_xact_lock(1) THEN 1 ELSE 0 END',
    'SELECT id, to_jsonb(payload), coalesce(name, $1) FROM jobs WHERE mine(id) FOR NO KEY UPDATE NOWAIT',
    'SELECT * FROM (SELECT * FROM jobs FOR KEY SHARE) j',
    'WITH j AS (SELECT * FROM jobs LIMIT 1 FOR UPDATE) SELECT count(*) FROM j',
    'SELECT * FROM jobs\nFOR/* a */UPDATE',
    "SELECT set_config('app.org_id', $1, true), pg_advisory_xact_lock(1)",
    'SELECT 1; SELECT pg_advisory_xact_lock(1)',
    'BEGIN; SELECT 1; COMMIT; SELECT * FROM jobs FOR UPDATE',
    'SELECT * FROM jobs FOR UPDATE; COMMIT',
  ])('does nothing: %s', (text) => {
    expect(rulesOf(text)).toEqual(['transaction/lock-outside'])
  })

  it.each([
    'SELECT pg_advisory_xact_lock(1), do_work()',
    'WITH l AS (SELECT pg_advisory_xact_lock(1)) SELECT refresh_totals() FROM l',
    'WITH l AS MATERIALIZED (SELECT pg_advisory_xact_lock(1)) INSERT INTO jobs SELECT 1 FROM l',
    'WITH d AS (DELETE FROM jobs WHERE id IN (SELECT id FROM jobs FOR UPDATE SKIP LOCKED) RETURNING *) SELECT * FROM d',
    'INSERT INTO taken SELECT * FROM jobs FOR UPDATE',
    'MERGE INTO t USING (SELECT * FROM jobs FOR SHARE) s ON t.id = s.id WHEN MATCHED THEN DELETE',
    'SELECT * INTO picked FROM jobs FOR UPDATE',
    'CREATE TABLE picked AS SELECT * FROM jobs FOR UPDATE',
    'SELECT send_mail(id) FROM jobs FOR UPDATE SKIP LOCKED',
    'SELECT pg_sleep(1), pg_advisory_xact_lock(1)',
    'SELECT id FROM jobs WHERE pg_try_advisory_xact_lock(id) AND work_on(id)',
    'EXPLAIN SELECT * FROM jobs FOR UPDATE',
    'SELECT pg_advisory_xact_lock(1); UPDATE jobs SET taken = true',
    'SELECT * FROM jobs FOR UPDATE; UPDATE jobs SET taken = true; COMMIT',
    'DO $$ BEGIN PERFORM pg_advisory_xact_lock(1); UPDATE jobs SET taken = true; END $$',
    'SELECT \'for update\', "for", substring(name for 3) FROM jobs',
  ])('works under its lock, or takes none: %s', (text) => {
    expect(rulesOf(text)).toEqual([])
  })
})
