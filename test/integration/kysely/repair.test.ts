import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { Kysely, PostgresDialect, sql, type LogEvent, type Transaction } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { repairingGuard, type RepairingGuard } from '../../support/repairing-guard.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres

beforeAll(async () => {
  server = await sharedPostgres()
})

afterAll(() => server.stop())

interface Seen extends Pick<RepairingGuard, 'sent' | 'found'> {
  readonly logged: string[]
  readonly observed: string[]
}

async function use(isPoolGuarded: boolean, work: (db: Kysely<{}>, seen: Seen) => Promise<unknown>): Promise<void> {
  const { guard, sent, found } = repairingGuard()
  const seen: Seen = { sent, found, logged: [], observed: [] }
  guard.on('query', ({ statement }) => void seen.observed.push(statement))
  const bare = new pg.Pool({ connectionString: server.url, max: 1 })
  const pool = isPoolGuarded ? guardPool(bare, guard) : bare
  const log = ({ query }: LogEvent): void => void seen.logged.push(query.sql)
  const db = new Kysely<{}>({ dialect: guardDialect(new PostgresDialect({ pool }), guard), log })
  try {
    await work(db, seen)
  } finally {
    await db.destroy()
  }
}

const org = sql<{ org: string | null }>`select current_setting('app.org_id', true) as org`

describe.each([true, false])('Kysely, with the pool guarded: %s', (isPoolGuarded) => {
  it('repairs what a transaction leaves, and logs what the application wrote', async () => {
    await use(isPoolGuarded, async (db, { sent, found, logged, observed }) => {
      await db.transaction().execute(async (trx) => {
        await sql`set app.org_id = '7'`.execute(trx)
        await sql`select set_config('app.user_id', ${'8'}, false)`.execute(trx)
        expect((await org.execute(trx)).rows).toEqual([{ org: '7' }])
        await trx.schema.createTable('picked').temporary().addColumn('id', 'integer').execute()
        await sql`insert into picked values (1)`.execute(trx)
      })
      expect((await org.execute(db)).rows).toEqual([{ org: '' }])
      await expect(sql`select * from picked`.execute(db)).rejects.toMatchObject({ code: '42P01' })
      expect(sent).toEqual([
        'set LOCAL app.org_id = ?',
        'select set_config(?, $1, true)',
        'create temporary table "picked" ("id" integer) ON COMMIT DROP',
      ])
      expect(found).toEqual([])
      expect(logged.slice(1, 3)).toEqual(["set app.org_id = '7'", "select set_config('app.user_id', $1, false)"])
      expect(observed.slice(1, 3)).toEqual(['set app.org_id = ?', 'select set_config(?, false)'])
    })
  })

  it('frees a lock that it has taken for the transaction, and knows one that it has not got', async () => {
    const other = new pg.Client(server.url)
    await other.connect()
    await other.query('SELECT pg_advisory_lock(8)')
    await use(isPoolGuarded, async (db, { found }) => {
      const ask = async (trx: Transaction<{}>, name: string, key: number): Promise<unknown> =>
        (await sql<{ got: boolean }>`select ${sql.raw(name)}(${key}) as got`.execute(trx)).rows[0]?.got
      await db.transaction().execute(async (trx) => {
        expect(await ask(trx, 'pg_try_advisory_lock', 7)).toBe(true)
        expect(await ask(trx, 'pg_advisory_unlock', 7)).toBe(true)
        expect(await ask(trx, 'pg_try_advisory_lock', 8)).toBe(false)
        expect(await ask(trx, 'pg_advisory_unlock', 8)).toBe(false)
      })
      expect(found).toEqual([])
    })
    await other.end()
  })

  it('reports the position of an error in the application’s text', async () => {
    await use(isPoolGuarded, async (db) => {
      const failing = db.transaction().execute(async (trx) => {
        await sql`select pg_advisory_lock(1), 1 as one order by missing`.execute(trx)
      })
      await expect(failing).rejects.toMatchObject({ code: '42703', position: '47' })
    })
  })

  it('repairs controlled transactions, and what a savepoint takes back', async () => {
    await use(isPoolGuarded, async (db, { found }) => {
      const trx = await db.startTransaction().execute()
      await sql`set app.org_id = '1'`.execute(trx)
      const behind = await trx.savepoint('s').execute()
      await sql`set app.org_id = '2'`.execute(behind)
      const before = await behind.rollbackToSavepoint('s').execute()
      expect((await org.execute(before)).rows).toEqual([{ org: '1' }])
      await before.commit().execute()
      expect((await org.execute(db)).rows).toEqual([{ org: '' }])
      expect(found).toEqual([])
    })
  })

  it('says why a single operation is not repaired', async () => {
    await use(isPoolGuarded, async (db, { sent, found }) => {
      await sql`set app.org_id = '9'`.execute(db)
      expect(sent).toEqual([])
      expect(found).toEqual([expect.stringMatching(/no transaction is open/)])
      await sql`reset app.org_id`.execute(db)
    })
  })
})
