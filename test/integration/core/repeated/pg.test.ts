import { withRequestScope } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { range, watchRepeated, type RepeatedWatch } from '../../../support/repeated-watch.ts'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
  await withPool(watchRepeated(), async (pool) => {
    await pool.query('CREATE TABLE orders (id int PRIMARY KEY, name text)')
    await pool.query("INSERT INTO orders SELECT n, 'order ' || n FROM generate_series(1, 100) n")
  })
})
afterAll(() => server.stop())

async function withPool(watch: RepeatedWatch, work: (pool: pg.Pool) => Promise<unknown>): Promise<RepeatedWatch> {
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 4 }), watch.guard)
  try {
    await work(pool)
  } finally {
    await pool.end()
  }
  return watch
}

const byId = 'SELECT name FROM orders WHERE id = $1'

function find(pool: pg.Pool, id: number): Promise<unknown> {
  return pool.query(byId, [id])
}

async function findEach(pool: pg.Pool, count: number): Promise<void> {
  for (const id of range(count)) await pool.query(byId, [id])
}

async function findEachElsewhere(pool: pg.Pool, count: number): Promise<void> {
  for (const id of range(count)) await pool.query(byId, [id])
}

describe('repeated statements of one request, sent by pg', () => {
  it('are reported once, when the scope ends, with count, time, call site, and what to send instead', async () => {
    const { repeated, logged, guard } = await withPool(watchRepeated(), async (pool) => {
      await withRequestScope({ name: 'GET /orders', tag: 'web' }, async () => {
        await findEach(pool, 11)
      })
    })
    expect(repeated).toMatchObject([
      {
        summary: 'SELECT orders',
        statement: 'SELECT name FROM orders WHERE id = ?',
        layer: 'pg',
        operation: undefined,
        count: 11,
        limit: 10,
        request: 'GET /orders',
        tag: 'web',
        instead: 'one statement for all of them: SELECT name FROM orders WHERE id = ANY($1)',
      },
    ])
    expect(repeated[0]?.place).toMatch(/^findEach \(test\/integration\/core\/repeated\/pg\.test\.ts:\d+:\d+\)$/)
    expect(repeated[0]?.totalMillis).toBeGreaterThan(0)
    expect(logged).toEqual([
      expect.stringMatching(/^\[poolsafe\] one request sent SELECT orders 11 times .*; by: findEach .*; instead: .*$/),
    ])
    expect(guard.stats().repeatedQueries).toBe(1)
  })

  it('are nothing up to the limit', async () => {
    const { repeated, logged } = await withPool(watchRepeated(), (pool) => withRequestScope(() => findEach(pool, 10)))
    expect([repeated, logged]).toEqual([[], []])
  })

  it('are nothing from two places that each stay below it', async () => {
    const { repeated } = await withPool(watchRepeated(), (pool) =>
      withRequestScope(async () => {
        await findEach(pool, 10)
        await findEachElsewhere(pool, 10)
      }),
    )
    expect(repeated).toEqual([])
  })

  it('are reported for each call site that exceeds the limit, with its own count', async () => {
    const { repeated } = await withPool(watchRepeated(), (pool) =>
      withRequestScope(async () => {
        await findEach(pool, 12)
        await findEachElsewhere(pool, 15)
        await find(pool, 1)
      }),
    )
    expect(repeated.map(({ place, count }) => [place?.split(' ')[0], count])).toEqual([
      ['findEach', 12],
      ['findEachElsewhere', 15],
    ])
  })

  it('are nothing where the statements differ in more than values', async () => {
    const { repeated } = await withPool(watchRepeated(), (pool) =>
      withRequestScope(async () => {
        for (const id of range(30)) await pool.query(`SELECT name AS name${id} FROM orders WHERE id = $1`, [id])
      }),
    )
    expect(repeated).toEqual([])
  })

  it('are reported if they differ only in literals; the report has none of them', async () => {
    const { repeated, logged } = await withPool(watchRepeated(), (pool) =>
      withRequestScope(async () => {
        for (const id of range(11)) await pool.query(`SELECT id FROM orders WHERE name = 'secret ${id}'`)
      }),
    )
    expect(repeated).toMatchObject([{ count: 11, statement: 'SELECT id FROM orders WHERE name = ?' }])
    expect(JSON.stringify([repeated, logged])).not.toContain('secret')
  })

  it('are reported if they are sent at once, on a pool and on a client', async () => {
    const onPool = await withPool(watchRepeated(), (pool) =>
      withRequestScope(() => Promise.all(range(20).map((id) => pool.query(byId, [id])))),
    )
    const onClient = await withPool(watchRepeated(), (pool) =>
      withRequestScope(async () => {
        const client = await pool.connect()
        await client.query('BEGIN')
        for (const id of range(20)) await client.query({ text: byId, values: [id] })
        await client.query('COMMIT')
        client.release()
      }),
    )
    expect(onPool.repeated).toMatchObject([{ count: 20 }])
    expect(onClient.repeated).toMatchObject([{ count: 20 }])
  })

  it('are counted over awaits of other things', async () => {
    const { repeated } = await withPool(watchRepeated(), (pool) =>
      withRequestScope(async () => {
        for (const id of range(12)) {
          await new Promise((resolve) => setImmediate(resolve))
          await find(pool, id)
        }
      }),
    )
    expect(repeated).toMatchObject([{ count: 12, place: expect.stringMatching(/^find \(/) }])
  })

  it('do not mix those of two requests that run at the same time', async () => {
    const { repeated } = await withPool(watchRepeated(), (pool) =>
      Promise.all([
        withRequestScope({ name: 'one' }, () => findEach(pool, 10)),
        withRequestScope({ name: 'two' }, () => findEach(pool, 10)),
        withRequestScope({ name: 'three' }, () => findEach(pool, 13)),
      ]),
    )
    expect(repeated.map(({ request, count }) => [request, count])).toEqual([['three', 13]])
  })

  it('are nothing outside a scope, and after its end', async () => {
    const { repeated } = await withPool(watchRepeated(), async (pool) => {
      await findEach(pool, 20)
      let later: Promise<void> | undefined
      const rest = (): Promise<void> => new Promise((resolve) => setTimeout(() => resolve(findEach(pool, 20)), 1))
      await withRequestScope(async () => {
        await findEach(pool, 5)
        later = rest()
      })
      await later
    })
    expect(repeated).toEqual([])
  })

  it('count in the inner one of two scopes', async () => {
    const { repeated } = await withPool(watchRepeated(), (pool) =>
      withRequestScope({ name: 'outer' }, async () => {
        await findEach(pool, 6)
        await withRequestScope({ name: 'inner' }, () => findEach(pool, 6))
        await withRequestScope({ name: 'busy' }, () => findEach(pool, 16))
      }),
    )
    expect(repeated.map(({ request, count }) => [request, count])).toEqual([['busy', 16]])
  })

  it('are no BEGIN, COMMIT, setting or lock of each transaction', async () => {
    const { repeated } = await withPool(watchRepeated(), (pool) =>
      withRequestScope(async () => {
        const client = await pool.connect()
        for (const id of range(12)) {
          await client.query('BEGIN')
          await client.query("SELECT set_config('app.tenant', $1, true)", [String(id)])
          await client.query('SELECT pg_advisory_xact_lock($1)', [id])
          await client.query('SAVEPOINT a')
          await client.query('COMMIT')
        }
        client.release()
      }),
    )
    expect(repeated).toEqual([])
  })

  it('are exact where every request repeats them up to the limit, from several places', async () => {
    const { repeated } = await withPool(watchRepeated(), async (pool) => {
      for (const _ of range(3)) {
        await withRequestScope(async () => {
          await find(pool, 1)
          await findEach(pool, 10)
          await findEachElsewhere(pool, 10)
        })
      }
    })
    expect(repeated).toEqual([])
  })

  it('are found in the first request, also where the statement was sent from there before', async () => {
    const { repeated } = await withPool(watchRepeated(), async (pool) => {
      await findEach(pool, 1)
      await withRequestScope(() => findEach(pool, 11))
    })
    expect(repeated).toMatchObject([{ count: 11 }])
  })

  it('are counted to the end, however many they are', async () => {
    const { repeated } = await withPool(watchRepeated(), (pool) => withRequestScope(() => findEach(pool, 1000)))
    expect(repeated).toMatchObject([{ count: 1000 }])
  })

  it('are taken to come from where the one before came, from the 101st on', async () => {
    const { repeated } = await withPool(watchRepeated(), (pool) =>
      withRequestScope(async () => {
        await findEachElsewhere(pool, 60)
        await findEach(pool, 20)
        await findEachElsewhere(pool, 25)
        await findEach(pool, 5)
      }),
    )
    expect(repeated.map(({ place, count }) => [place?.split(' ')[0], count])).toEqual([
      ['findEachElsewhere', 90],
      ['findEach', 20],
    ])
  })

  it('are counted when they fail as well', async () => {
    const { repeated } = await withPool(watchRepeated(), (pool) =>
      withRequestScope(async () => {
        for (const _ of range(11))
          await pool.query('INSERT INTO orders (id, name) VALUES ($1, $2)', [1, 'again']).catch(() => undefined)
      }),
    )
    expect(repeated).toMatchObject([
      {
        count: 11,
        instead: 'one statement for all of them: INSERT INTO orders (id, name) VALUES ($1, $2), ($3, $4), …',
      },
    ])
  })

  it('are logged once per interval, and reported each time', async () => {
    const { repeated, logged } = await withPool(watchRepeated(), async (pool) => {
      for (const _ of range(3)) await withRequestScope(() => findEach(pool, 11))
    })
    expect([repeated.length, logged.length]).toEqual([3, 1])
  })

  it('have the limit of the guard, each of its own', async () => {
    const strictOne = watchRepeated({ repeatedQueryLimit: 2 })
    const patientOne = watchRepeated({ repeatedQueryLimit: Infinity })
    await withPool(strictOne, (one) =>
      withPool(patientOne, (other) =>
        withRequestScope(async () => {
          await findEach(one, 3)
          await findEach(other, 30)
        }),
      ),
    )
    expect(strictOne.repeated).toMatchObject([{ count: 3, limit: 2 }])
    expect(patientOne.repeated).toEqual([])
  })
})

describe('a request scope that does not end', () => {
  it('is reported once, ends, and reports what it repeated', async () => {
    const watch = watchRepeated({ requestScopeMillis: 1000 })
    const isCutOff = (): boolean => watch.logged.some((text) => text.includes('requestScopeMillis'))
    await withPool(watch, (pool) =>
      withRequestScope({ name: 'endless' }, async () => {
        while (!isCutOff()) await findEach(pool, 11)
        expect(watch.repeated).toMatchObject([{ request: 'endless', summary: 'SELECT orders' }])
        await findEach(pool, 30)
      }),
    )
    expect(watch.repeated).toHaveLength(1)
    expect(watch.logged).toHaveLength(2)
    expect(watch.logged[1]).toMatch(
      /a request scope has been open for more than 1000 ms[^]*request +endless[^]*instead/,
    )
  })
})

describe('a request that sends very many statements', () => {
  it('is counted up to 256 of them, and that is said', async () => {
    const { repeated, logged } = await withPool(watchRepeated(), (pool) =>
      withRequestScope({ name: 'GET /all' }, async () => {
        for (const id of range(256)) await pool.query(`SELECT ${id} AS column${id}`)
        await findEach(pool, 20)
      }),
    )
    expect(repeated).toEqual([])
    expect(logged).toEqual([expect.stringMatching(/more than 256 different statements[^]*GET \/all/)])
  })
})
