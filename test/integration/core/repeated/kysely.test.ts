import { withRequestScope } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { range, watchRepeated, type RepeatedWatch } from '../../../support/repeated-watch.ts'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

interface Tables {
  orders: { id: number; name: string | null }
}

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  await client.query('CREATE TABLE orders (id int PRIMARY KEY, name text)')
  await client.end()
})
afterAll(() => server.stop())

async function withKysely(
  isPoolGuarded: boolean,
  work: (db: Kysely<Tables>) => Promise<unknown>,
): Promise<RepeatedWatch> {
  const watch = watchRepeated()
  const bare = new pg.Pool({ connectionString: server.url, max: 4 })
  const pool = isPoolGuarded ? guardPool(bare, watch.guard) : bare
  const db = new Kysely<Tables>({ dialect: guardDialect(new PostgresDialect({ pool }), watch.guard) })
  try {
    await work(db)
  } finally {
    await db.destroy()
  }
  return watch
}

async function findEach(db: Kysely<Tables>, count: number): Promise<void> {
  for (const id of range(count)) await db.selectFrom('orders').select('name').where('id', '=', id).execute()
}

async function findEachElsewhere(db: Kysely<Tables>, count: number): Promise<void> {
  for (const id of range(count)) await db.selectFrom('orders').select('name').where('id', '=', id).executeTakeFirst()
}

describe.each([
  ['over a guarded pool', true],
  ['over a pool that nobody guards', false],
])('repeated statements of one request, sent by Kysely %s', (_over, isPoolGuarded) => {
  it("are reported with their call site and Kysely's own batched form", async () => {
    const { repeated } = await withKysely(isPoolGuarded, (db) => withRequestScope(() => findEach(db, 11)))
    expect(repeated).toMatchObject([
      {
        layer: 'kysely',
        count: 11,
        summary: 'SELECT orders',
        place: expect.stringMatching(/findEach.* \(test\/integration\/core\/repeated\/kysely\.test\.ts:\d+:\d+\)$/),
        instead:
          "one statement for all of them: db.selectFrom('orders').where('id', 'in', values), or a join in the query before",
      },
    ])
  })

  it('are nothing from two places that each stay below the limit', async () => {
    const { repeated } = await withKysely(isPoolGuarded, (db) =>
      withRequestScope(async () => {
        await findEach(db, 10)
        await findEachElsewhere(db, 10)
      }),
    )
    expect(repeated).toEqual([])
  })

  it('are reported if they are sent at once, and in a transaction; its BEGIN and COMMIT are not', async () => {
    const { repeated } = await withKysely(isPoolGuarded, (db) =>
      withRequestScope(async () => {
        await Promise.all(
          range(12).map((id) =>
            db.transaction().execute((trx) =>
              trx
                .insertInto('orders')
                .values({ id, name: null })
                .onConflict((conflict) => conflict.doNothing())
                .execute(),
            ),
          ),
        )
      }),
    )
    expect(repeated).toMatchObject([
      { count: 12, instead: "one statement for all of them: db.insertInto('orders').values([{ id, name }, …])" },
    ])
  })

  it('do not mix those of two requests', async () => {
    const { repeated } = await withKysely(isPoolGuarded, (db) =>
      Promise.all(
        range(4).map((index) => withRequestScope({ name: `request ${index}` }, () => findEach(db, 7 + index))),
      ),
    )
    expect(repeated.map(({ request, count }) => [request, count])).toEqual([['request 4', 11]])
  })

  it('may be a query that starts when it is awaited', async () => {
    const { repeated } = await withKysely(isPoolGuarded, async (db) => {
      await withRequestScope(() =>
        Promise.all(range(11).map((id) => db.deleteFrom('orders').where('id', '=', id).execute())),
      )
    })
    expect(repeated).toMatchObject([
      { count: 11, instead: expect.stringContaining("db.deleteFrom('orders').where('id', 'in', values)") },
    ])
  })
})
