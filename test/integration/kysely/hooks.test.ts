import { createGuard, UnsafeStatementError } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { CompiledQuery, Kysely, PostgresDialect, sql, type DatabaseConnection } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kyselyOn, type Database } from './kysely-on.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres

beforeAll(async () => {
  server = await sharedPostgres()
})

afterAll(() => server.stop())

const strict = { mode: 'strict' } as const
const setTenant = CompiledQuery.raw("SELECT set_config('app.org_id', '7', false)")
const use = kyselyOn(() => server.url)

describe('hooks of the dialect', () => {
  it.each(['onCreateConnection', 'onReserveConnection'] as const)(
    'are judged at the very first connection: %s',
    async (hook) => {
      const onHook = (connection: DatabaseConnection): Promise<void> =>
        connection.executeQuery(setTenant).then(() => {})
      await use({ guard: strict, dialect: { [hook]: onHook } }, async (db, pool) => {
        await expect(sql`select 1`.execute(db)).rejects.toMatchObject({ rule: 'session/set-config' })
        // PostgresDriver loses the connection when a hook throws, and the pool holds but one. It is closed, so that the
        // next one runs the hook again, instead of going on without what the hook did not set.
        expect(pool.totalCount).toBe(0)
        await expect(sql`select 1`.execute(db)).rejects.toMatchObject({ rule: 'session/set-config' })
        expect(pool.totalCount).toBe(0)
      })
    },
  )

  it('are judged over a guarded pool too, and give the connection back', async () => {
    const guard = createGuard(strict)
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), guard)
    const onReserveConnection = (connection: DatabaseConnection): Promise<void> =>
      connection.executeQuery(setTenant).then(() => {})
    const db = new Kysely<Database>({
      dialect: guardDialect(new PostgresDialect({ pool, onReserveConnection }), guard),
    })
    for (let round = 0; round < 3; round++)
      await expect(sql`select 1`.execute(db)).rejects.toMatchObject({ rule: 'session/set-config' })
    expect(pool.totalCount).toBe(0)
    await db.destroy()
  })

  it('run as they do unguarded in warn mode, reported once', async () => {
    const warnings: string[] = []
    const guard = { logger: { warn: (message: string) => void warnings.push(message) } }
    const onReserveConnection = (connection: DatabaseConnection): Promise<void> =>
      connection.executeQuery(setTenant).then(() => {})
    await use({ guard, dialect: { onReserveConnection } }, async (db) => {
      for (let round = 0; round < 3; round++) {
        expect((await sql`select current_setting('app.org_id') as org`.execute(db)).rows).toEqual([{ org: '7' }])
      }
    })
    expect(warnings).toHaveLength(1)
  })

  it.each(['select 1', 'listen tenants'])('may use another Kysely, which nobody guards by that: %s', async (text) => {
    await use({}, async (other) => {
      const onCreateConnection = async (): Promise<void> => void (await sql.raw(text).execute(other))
      await use({ guard: strict, dialect: { onCreateConnection } }, async (db) => {
        // Both pools have one connection: these calls would wait forever if it were lost.
        for (let round = 0; round < 2; round++)
          expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }])
        await expect(sql`listen orders`.execute(db)).rejects.toMatchObject({ rule: 'session/listen' })
      })
      await sql`listen orders`.execute(other)
    })
  })

  it('are judged as well behind the hook of another Kysely that they use', async () => {
    const onReserveConnection = (connection: DatabaseConnection): Promise<void> =>
      connection.executeQuery(setTenant).then(() => {})
    await use({ dialect: { onReserveConnection } }, async (other) => {
      const onOuter = async (connection: DatabaseConnection): Promise<void> => {
        await sql`select 1`.execute(other)
        await connection.executeQuery(setTenant)
      }
      await use({ guard: strict, dialect: { onReserveConnection: onOuter } }, async (db, pool) => {
        await expect(sql`select 1`.execute(db)).rejects.toMatchObject({ rule: 'session/set-config' })
        expect(pool.totalCount).toBe(0)
      })
      expect((await sql`select current_setting('app.org_id') as org`.execute(other)).rows).toEqual([{ org: '7' }])
    })
  })

  it('may use a guarded pool, which does not judge for the connection that is acquired', async () => {
    const other = guardPool(new pg.Pool({ connectionString: server.url, max: 1 }), { logger: { warn() {} } })
    const onReserveConnection = async (): Promise<void> => {
      const client = await other.connect()
      client.release()
    }
    await use({ guard: strict, dialect: { onReserveConnection } }, async (db) => {
      await expect(sql`listen orders`.execute(db)).rejects.toBeInstanceOf(UnsafeStatementError)
    })
    await other.end()
  })

  it('in unguarded dialects are left alone', async () => {
    await use({ guard: strict }, (db) => sql`select 1`.execute(db))
    const onReserveConnection = (connection: DatabaseConnection): Promise<void> =>
      connection.executeQuery(setTenant).then(() => {})
    await use({ dialect: { onReserveConnection } }, async (db) => {
      expect((await sql`select current_setting('app.org_id') as org`.execute(db)).rows).toEqual([{ org: '7' }])
    })
  })
})
