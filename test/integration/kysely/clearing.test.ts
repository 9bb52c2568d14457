import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { Kysely, PostgresDialect, sql, type LogEvent } from 'kysely'
import pg from 'pg'
import { describe, expect, it } from 'vitest'
import { leftBehind } from '../../support/session/left-behind.ts'
import { repairingGuard, type RepairingGuard } from '../../support/repairing-guard.ts'
import { narrowStage } from '../../support/servers/narrow-stage.ts'

const stage = narrowStage(`
  CREATE TABLE parent (id int PRIMARY KEY);
  CREATE TABLE child (parent int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
`)

interface Seen extends Pick<RepairingGuard, 'found'> {
  readonly logged: string[]
  readonly observed: string[]
}

describe.each([true, false])('Kysely, with the pool guarded: %s', (isPoolGuarded) => {
  async function use(work: (db: Kysely<{}>, seen: Seen) => Promise<unknown>): Promise<void> {
    const { guard, found } = repairingGuard()
    const seen: Seen = { found, logged: [], observed: [] }
    guard.on('query', ({ statement }) => void seen.observed.push(statement))
    const bare = new pg.Pool({ connectionString: stage.url, max: 1 })
    const pool = isPoolGuarded ? guardPool(bare, guard) : bare
    const log = ({ query }: LogEvent): void => void seen.logged.push(query.sql)
    const db = new Kysely<{}>({ dialect: guardDialect(new PostgresDialect({ pool }), guard), log })
    try {
      await work(db, seen)
    } finally {
      await db.destroy()
    }
  }

  const prepare = sql`prepare one as select 1 as n`
  const createView = sql`create temp view v as select 1 as n`

  it('clears what a transaction leaves, and shows what the application wrote', async () => {
    await use(async (db, { found, logged, observed }) => {
      await db.transaction().execute(async (trx) => {
        await prepare.execute(trx)
        await createView.execute(trx)
        expect((await sql`execute one`.execute(trx)).rows).toEqual([{ n: 1 }])
      })
      expect(await leftBehind(stage.stranger)).toEqual([])
      expect(found).toEqual([])
      expect(logged.at(-1)).toBe('commit')
      expect(observed.at(-1)).toBe('commit')
    })
  })

  it('clears what survives a rollback, also after an error', async () => {
    await use(async (db) => {
      const failed = db.transaction().execute(async (trx) => {
        await prepare.execute(trx)
        throw new Error('the application')
      })
      await expect(failed).rejects.toThrow('the application')
      expect(await leftBehind(stage.stranger)).toEqual([])
      const refused = db.transaction().execute(async (trx) => {
        await prepare.execute(trx)
        await sql`select 1 / 0`.execute(trx)
      })
      await expect(refused).rejects.toMatchObject({ code: '22012' })
      expect(await leftBehind(stage.stranger)).toEqual([])
    })
  })

  it('passes on the error of a COMMIT, and reports what that leaves', async () => {
    await use(async (db, { found }) => {
      const failed = db.transaction().execute(async (trx) => {
        await prepare.execute(trx)
        await createView.execute(trx)
        await sql`insert into child values (7)`.execute(trx)
      })
      await expect(failed).rejects.toMatchObject({ code: '23503', constraint: 'child_parent_fkey' })
      expect(await leftBehind(stage.stranger)).toEqual(['prepared statement one'])
      expect(found).toEqual([expect.stringContaining('the end of the transaction failed')])
      expect((await sql`select 1 as n`.execute(db)).rows).toEqual([{ n: 1 }])
    })
  })

  it('tells Kysely that a transaction was aborted', async () => {
    await use(async (db) => {
      const swallowed = db.transaction().execute(async (trx) => {
        await prepare.execute(trx)
        await sql`select 1 / 0`.execute(trx).catch(() => {})
      })
      await expect(swallowed).rejects.toThrow('Transaction was rolled back instead of committed')
      expect(await leftBehind(stage.stranger)).toEqual([])
    })
  })

  it('clears controlled transactions and those of a held connection', async () => {
    await use(async (db, { found }) => {
      const trx = await db.startTransaction().execute()
      const inner = await trx.savepoint('s').execute()
      await prepare.execute(inner)
      await inner.rollbackToSavepoint('s').execute()
      await sql`execute one`.execute(trx)
      await trx.commit().execute()
      expect(await leftBehind(stage.stranger)).toEqual([])
      await db.connection().execute(async (held) => {
        for (const text of ['begin', 'create temp view v as select 1', 'commit']) await sql.raw(text).execute(held)
        expect((await sql`select 2 as n`.execute(held)).rows).toEqual([{ n: 2 }])
      })
      expect(await leftBehind(stage.stranger)).toEqual([])
      expect(found).toEqual([])
    })
  })
})

it('reports what a driver leaves that ends its transactions without a statement', async () => {
  const { guard, found } = repairingGuard()
  const pool = new pg.Pool({ connectionString: stage.url, max: 1 })
  const dialect = new PostgresDialect({ pool })
  const clients = new WeakMap<object, pg.PoolClient>()
  const createDriver = dialect.createDriver.bind(dialect)
  pool.on('acquire', (client) => void (last = client))
  let last: pg.PoolClient | undefined
  dialect.createDriver = () => {
    const driver = createDriver()
    driver.beginTransaction = async (connection) => {
      clients.set(connection, last as pg.PoolClient)
      await last?.query('begin')
    }
    driver.commitTransaction = async (connection) => void (await clients.get(connection)?.query('commit'))
    return driver
  }
  const db = new Kysely<{}>({ dialect: guardDialect(dialect, guard) })
  await db.transaction().execute(async (trx) => {
    await sql`prepare one as select 1`.execute(trx)
  })
  expect(found).toEqual([expect.stringContaining('no room for a statement')])
  await db.destroy()
})
