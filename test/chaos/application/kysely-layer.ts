import type { Generated, Kysely, Transaction } from 'kysely'
import {
  checkClean,
  directPool,
  leave,
  limits,
  lookAndLeave,
  poolSize,
  poseMillis,
  sleep,
  type Form,
  type Open,
} from './layer.ts'

interface Tables {
  written: { id: string; at: Generated<Date> }
}

/** Kysely over a guarded pool, and guarded itself. */
export const openKysely: Open = (modules, guard, url, directUrl) => {
  const { pg, Cursor, pgGuard, kysely, kyselyGuard } = modules
  const moving = directPool(modules, directUrl)
  const pool = pgGuard.guardPool(new pg.Pool({ connectionString: url, max: poolSize }), guard, {
    ...limits,
    ...moving,
    poolName: 'kysely',
  })
  const dialect = kyselyGuard.guardDialect(new kysely.PostgresDialect({ pool, cursor: Cursor }), guard)
  const db = new kysely.Kysely<Tables>({ dialect })
  const { sql } = kysely
  const insert = (on: Kysely<Tables> | Transaction<Tables>, id: string) =>
    on.insertInto('written').values({ id }).execute()
  const session: Form = (id) =>
    db.connection().execute(async (one) => {
      const { rows } = await one.executeQuery<Record<string, unknown>>(kysely.CompiledQuery.raw(lookAndLeave, [id]))
      checkClean(rows[0], id)
      await sql.raw(leave).execute(one)
      await insert(one, id)
    })
  return {
    forms: {
      ...(moving.direct !== undefined && Object.fromEntries([1, 2, 3, 4].map((at) => [`session ${at}`, session]))),
      insert: (id) => insert(db, id),
      transaction: (id) => db.transaction().execute((trx) => insert(trx, id)),
      stream: (id) =>
        db.transaction().execute(async (trx) => {
          for await (const _row of trx.selectFrom('written').select('id').limit(20).stream(5)) continue
          await insert(trx, id)
        }),
      'transaction on a connection': (id) =>
        db.connection().execute((one) => one.transaction().execute((trx) => insert(trx, id))),
      'controlled transaction with a savepoint': async (id) => {
        const trx = await db.startTransaction().execute()
        try {
          const point = await trx.savepoint('a').execute()
          await sql`SELECT 1 / 0`.execute(point).catch((error: unknown) => {
            if ((error as { code?: unknown }).code !== '22012') throw error
          })
          await point.rollbackToSavepoint('a').execute()
          await insert(trx, id)
          await trx.commit().execute()
        } catch (error) {
          await trx
            .rollback()
            .execute()
            .catch(() => {})
          throw error
        }
      },
    },
    inStatement: (id) =>
      sql`INSERT INTO written (id) VALUES (${id}) RETURNING pg_sleep(${poseMillis / 1000})`.execute(db),
    inTransaction: (id) =>
      db.transaction().execute(async (trx) => {
        await insert(trx, id)
        await sleep(poseMillis)
      }),
    async close() {
      await db.destroy()
      await moving.direct?.end()
    },
  }
}
