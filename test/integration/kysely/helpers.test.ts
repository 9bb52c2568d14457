import { createGuard, InvalidOptionError, LeaseLostError, poolers } from '@poolsafe/core'
import { guardDialect, notify, withAdvisoryLock, withLease, withSettings } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { startPostgres, type PgBouncerServer, type PostgresServer } from '@poolsafe/testing/servers'
import { CamelCasePlugin, Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { aborted } from '../../support/aborted.ts'
import { startPgBouncer } from '../../support/servers/pgbouncer.ts'

interface Tables {
  readonly written: { readonly by_whom: string }
}

let server: PostgresServer
let pooler: PgBouncerServer
let direct: pg.Pool
const opened: Kysely<Tables>[] = []
beforeAll(async () => {
  server = await startPostgres()
  pooler = await startPgBouncer({ target: server, defaultPoolSize: 3 })
  direct = new pg.Pool({ connectionString: server.url })
  await direct.query('CREATE TABLE written (by_whom text)')
})
afterEach(async () => {
  await Promise.all(opened.splice(0).map((db) => db.destroy()))
})
afterAll(async () => {
  await direct.end()
  await pooler.stop()
  await server.stop()
})

/** Strict, through PgBouncer, over a guarded pool. A plugin that renames columns must not confuse the helpers. */
function open(): Kysely<Tables> {
  const guard = createGuard({
    mode: 'strict',
    logger: { warn: () => {} },
    pooler: poolers.pgbouncer({ version: '1.18' }),
  })
  const pool = guardPool(new pg.Pool({ connectionString: pooler.url }), guard)
  const dialect = guardDialect(new PostgresDialect({ pool }), guard)
  const db = new Kysely<Tables>({ dialect, plugins: [new CamelCasePlugin()] })
  opened.push(db)
  return db
}

async function tenantOf(db: Kysely<Tables>): Promise<string | null | undefined> {
  const { rows } = await sql<{ tenant: string | null }>`select current_setting('app.tenant', true) as tenant`.execute(
    db,
  )
  return rows[0]?.tenant
}

describe('withSettings', () => {
  it('sets in a transaction, and leaves nothing', async () => {
    const db = open()
    expect(await withSettings(db, { 'app.tenant': 7 }, tenantOf)).toBe('7')
    for (let i = 0; i < 4; i++) expect((await tenantOf(db)) ?? '').toBe('')
  })

  it('puts the values of before back inside a transaction, also a controlled one', async () => {
    const db = open()
    const seen = await withSettings(db, { 'app.tenant': 'outer' }, async (trx) => [
      await withSettings(trx, { 'app.tenant': 'inner' }, tenantOf),
      await tenantOf(trx),
    ])
    expect(seen).toEqual(['inner', 'outer'])
    const trx = await db.startTransaction().execute()
    expect(await withSettings(trx, { 'app.tenant': 'inner' }, tenantOf)).toBe('inner')
    expect((await tenantOf(trx)) ?? '').toBe('')
    await trx.commit().execute()
  })

  it('begins a transaction on a connection that is held', async () => {
    const db = open()
    const seen = await db.connection().execute((held) => withSettings(held, { 'app.tenant': 'a' }, tenantOf))
    expect(seen).toBe('a')
  })

  it('rolls back with the error of the function', async () => {
    const failure = new Error('no')
    const failing = withSettings(open(), { 'app.tenant': 7 }, async (trx) => {
      await trx.insertInto('written').values({ by_whom: 'rolled back' }).execute()
      throw failure
    })
    await expect(failing).rejects.toBe(failure)
    expect((await direct.query('SELECT FROM written')).rowCount).toBe(0)
  })
})

describe('withAdvisoryLock', () => {
  it('admits one at a time, and answers others', async () => {
    const other = open()
    const seen = await withAdvisoryLock(open(), 'a', async () => [
      await withAdvisoryLock(other, 'a', () => Promise.resolve(), { wait: false }),
      await withAdvisoryLock(other, 'a', () => Promise.resolve(), { wait: 20 }),
      await other
        .transaction()
        .execute(async (trx) => [
          await withAdvisoryLock(trx, 'a', () => Promise.resolve(), { wait: 20 }),
          (await sql<{ one: number }>`select 1 as one`.execute(trx)).rows,
        ]),
    ])
    const refused = { acquired: false }
    expect(seen.result).toEqual([refused, refused, [refused, [{ one: 1 }]]])
  })
})

describe('withLease', () => {
  it('admits one holder, and refuses a late write', async () => {
    const [db, other] = [open(), open()]
    const options = { leaseMillis: 60_000 }
    await withLease(
      db,
      'a',
      async (lease) => {
        expect(await withLease(other, 'a', () => Promise.resolve(), options)).toEqual({ acquired: false })
        await db.transaction().execute((trx) => lease.confirm(trx))
        await direct.query('UPDATE poolsafe_lease SET fencing = fencing + 1')
        const late = db.transaction().execute(async (trx) => {
          await trx.insertInto('written').values({ by_whom: 'late' }).execute()
          await lease.confirm(trx)
        })
        await expect(late).rejects.toBeInstanceOf(LeaseLostError)
      },
      options,
    )
    expect((await direct.query('SELECT FROM written')).rowCount).toBe(0)
  })

  it('reports that the lease was lost', async () => {
    const lost = withLease(
      open(),
      'b',
      ({ signal }) => direct.query("DELETE FROM poolsafe_lease WHERE key = 'b'").then(() => aborted(signal)),
      {
        leaseMillis: 300,
      },
    )
    await expect(lost).rejects.toBeInstanceOf(LeaseLostError)
  })

  it('refuses a transaction', async () => {
    const refused = open()
      .transaction()
      .execute((trx) => withLease(trx, 'a', () => Promise.resolve(), { leaseMillis: 1000 }))
    await expect(refused).rejects.toBeInstanceOf(InvalidOptionError)
  })
})

describe('notify', () => {
  it('reaches a listener', async () => {
    const client = new pg.Client({ connectionString: server.url })
    await client.connect()
    const heard: unknown[] = []
    client.on('notification', ({ payload }) => heard.push(payload))
    await client.query('LISTEN a')
    await notify(open(), 'a', 'payload')
    await vi.waitFor(() => expect(heard).toEqual(['payload']), { timeout: 60_000 })
    await client.end()
  })
})

it('the helpers refuse what is no Kysely', async () => {
  await expect(withSettings({} as Kysely<Tables>, {}, tenantOf)).rejects.toBeInstanceOf(InvalidOptionError)
  await expect(notify(direct as unknown as Kysely<Tables>, 'a')).rejects.toBeInstanceOf(InvalidOptionError)
})
