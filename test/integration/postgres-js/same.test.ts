import { poolers, type GuardOptions } from '@poolsafe/core'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'
import { sqlOn, type SqlOptions } from './sql-on.ts'

let server: SharedPostgres
let folder: string

beforeAll(async () => {
  server = await sharedPostgres()
  folder = await mkdtemp(join(tmpdir(), 'poolsafe-'))
})

afterAll(async () => {
  await server.stop()
  await rm(folder, { recursive: true })
})

const use = sqlOn(() => server.url)

/** A pooler that tracks names of statements, so the defaults of postgres.js are safe. */
const strict: GuardOptions = { mode: 'strict', pooler: poolers.pgbouncer({ version: '1.24' }), logger: { warn() {} } }

type Work = (sql: postgres.Sql) => Promise<unknown>

/** The same work guarded and unguarded, each on empty tables. Fails without a result to compare. */
async function expectSame(work: Work, options?: SqlOptions): Promise<void> {
  const prepared: Work = async (sql) => {
    await sql.unsafe('DROP TABLE IF EXISTS item; CREATE TABLE item (id int PRIMARY KEY, name text, data jsonb)')
    return work(sql)
  }
  const run = (guard?: GuardOptions): Promise<unknown> =>
    use({ guard, ...(options !== undefined && { options }) }, prepared)
  const unguarded = await run()
  expect(unguarded).toBeDefined()
  expect(await run(strict)).toEqual(unguarded)
}

/** Returns the properties of an error of postgres.js, without those that differ between two runs. */
function errorOf(error: unknown): unknown {
  const { name, message, code, query, parameters, args, types } = error as Record<string, unknown>
  return { name, message, code, query, parameters, args, types, keys: Object.keys(error as object).toSorted() }
}

const failing = async (call: () => PromiseLike<unknown>): Promise<unknown> => {
  try {
    await call()
  } catch (error) {
    return errorOf(error)
  }
  throw new Error('the call has not failed')
}

/** Each form of a call, by its name. */
const forms: Readonly<Record<string, Work>> = {
  'a template with values': async (sql) => {
    const rows = await sql`SELECT ${1}::int AS a, ${'x'} AS b, ${null}::text AS c, ${new Date(0)}::timestamptz AS d`
    return [rows, rows.count, rows.command, rows.columns.map(({ name }) => name), rows.statement.string]
  },
  'a template with fragments': (sql) => {
    const where = sql`WHERE id > ${1} ${sql`AND id < ${3}`}`
    return sql`SELECT id FROM generate_series(1, 5) AS id ${where} ORDER BY ${sql.unsafe('id DESC')}`
  },
  'a list of fragments': (sql) => sql`SELECT 1 AS a ${[sql`, 2 AS b`, sql`, ${3}::int AS c`]}`,
  'helpers: identifiers, rows, lists, updates': async (sql) => {
    const rows = [
      { id: 1, name: 'one' },
      { id: 2, name: "it's; SET x = 1" },
    ]
    await sql`INSERT INTO item ${sql(rows)}`
    await sql`UPDATE item SET ${sql({ name: 'new' }, 'name')} WHERE id = ${2}`
    return sql`SELECT ${sql(['id', 'name'])} FROM ${sql('item')} WHERE id IN ${sql([1, 2, 3])} ORDER BY id`
  },
  'typed values: json, array, bytes': (sql) =>
    sql`SELECT ${sql.json({ a: [1] })} AS j, ${sql.array([1, 2])}::int[] AS a, ${Buffer.from('x')}::bytea AS b,
      ${sql.typed(5, 23)} AS t, ${'9'}::int8 AS n`,
  'raw and values': async (sql) => [await sql`SELECT 1 AS a`.raw(), await sql`SELECT 1 AS a, 'b' AS b`.values()],
  describe: async (sql) => {
    const { string, types, columns } = await sql`SELECT id FROM item WHERE id = ${1}`.describe()
    return { string, types, columns: columns.map(({ name, type }) => ({ name, type })) }
  },
  'several statements at once': (sql) => sql`SELECT 1 AS a; SELECT 2 AS b`.simple(),
  forEach: async (sql) => {
    const rows: unknown[] = []
    const { count } = await sql`SELECT id FROM generate_series(1, 4) AS id`.forEach((row) => void rows.push(row))
    return { rows, count }
  },
  'cursors of both kinds': async (sql) => {
    const chunks: unknown[] = []
    for await (const rows of sql`SELECT id FROM generate_series(1, ${5}::int) AS id`.cursor(2)) chunks.push([...rows])
    await sql`SELECT id FROM generate_series(1, 5) AS id`.cursor(2, (rows) => void chunks.push([...rows]))
    await sql`SELECT id FROM generate_series(1, 9) AS id`.cursor(2, (rows) => {
      chunks.push([...rows])
      return sql.CLOSE
    })
    return chunks
  },
  'a cursor that ends early': async (sql) => {
    for await (const [row] of sql`SELECT id FROM generate_series(1, 100) AS id`.cursor()) {
      if (row?.['id'] === 3) break
    }
    return sql`SELECT 1 AS next`
  },
  'COPY in and out': async (sql) => {
    await pipeline(Readable.from(['1\tone\t{}\n', '2\ttwo\t\\N\n']), await sql`COPY item FROM STDIN`.writable())
    const out = await sql`COPY item TO STDOUT`.readable()
    let text = ''
    for await (const chunk of out) text += String(chunk)
    return [text, await sql`SELECT count(*)::int FROM item`]
  },
  'unsafe: simple, with values, prepared': async (sql) => [
    await sql.unsafe('SELECT 1 AS a; SELECT 2 AS b'),
    await sql.unsafe('SELECT $1::int AS a', [7]),
    await sql.unsafe('SELECT $1::int AS a', [8], { prepare: true }),
    await sql.unsafe('SELECT 3 AS a').values(),
  ],
  'a file': async (sql) => {
    const path = join(folder, 'query.sql')
    await writeFile(path, 'SELECT $1::int AS of_file')
    return [await sql.file(path, [3]), await failing(() => sql.file(join(folder, 'missing.sql')))]
  },
  'a transaction with options, and one of a list': async (sql) => [
    await sql.begin('isolation level serializable read only', (tx) => tx`SHOW transaction_isolation`),
    await sql.begin((tx) => [tx`SELECT 1 AS a`, tx`SELECT 2 AS b`]),
    await sql.begin(async (tx) => tx.unsafe('SELECT 3 AS c')),
  ],
  'savepoints of each form': (sql) =>
    sql.begin(async (tx) => {
      await tx`INSERT INTO item (id) VALUES (1)`
      await tx.savepoint((inner) => inner`INSERT INTO item (id) VALUES (2)`)
      await tx.savepoint('named', async (inner) => inner.savepoint((deep) => deep`INSERT INTO item (id) VALUES (3)`))
      const failed = await failing(() => tx.savepoint((inner) => inner`INSERT INTO item (id) VALUES (1)`))
      return [failed, await tx`SELECT id FROM item ORDER BY id`]
    }),
  'a transaction that fails': async (sql) => [
    await failing(() => sql.begin((tx) => tx`SELECT 1/0`)),
    await failing(() => sql.begin(() => Promise.reject(new Error('of the application')))),
    await failing(() => sql.begin((tx) => [tx`INSERT INTO item (id) VALUES (9)`, tx`SELECT missing`])),
    await failing(() =>
      sql.begin(async (tx) => {
        await tx`SELECT missing`.catch(() => {})
      }),
    ),
    await failing(() => sql.begin('a', undefined as never)),
    await sql`SELECT * FROM item`,
  ],
  'errors of the server, of the driver and of its use': async (sql) => [
    await failing(() => sql`SELECT ${1} / 0 AS a`),
    await failing(() => sql.unsafe('SELCT $1', [1])),
    await failing(() => sql`SELECT ${undefined as never}`),
    // postgres.js 3.4 never answers a second query that it cannot build before the server has answered another one.
    await sql`SELECT 1 AS between`,
    await failing(() => sql`INSERT INTO item ${sql({ id: undefined as never })}`),
    await failing(async () => sql('item') as never),
    await failing(async () => sql`SELECT 1`.stream(() => {})),
  ],
  'a large object': async (sql) => {
    const object = await sql.largeObject()
    await pipeline(Readable.from([Buffer.from('some bytes')]), await object.writable())
    await object.seek(0)
    const [read] = (await object.read(100)) as unknown as [{ data: Buffer }]
    await object.close()
    return read.data.toString()
  },
  'a reserved connection': async (sql) => {
    const reserved = await sql.reserve()
    const seen = [await reserved`SELECT 1 AS a`, await reserved.unsafe('SELECT 2 AS b')]
    reserved.release()
    return [seen, await sql`SELECT 3 AS c`]
  },
  notify: async (sql) => (await sql.notify('orders', 'a payload')).count,
  'parameters and options': async (sql) => {
    await sql`SELECT 1`
    const { max, database, connection, transform } = sql.options
    return [sql.parameters.client_encoding, max, database, connection, transform, Object.keys(sql).toSorted()]
  },
}

describe('everything that postgres.js does', () => {
  it.each(Object.entries(forms))('%s', async (_name, work) => {
    await expectSame(work)
  })

  it('transforms names and values, and has the types of the application', async () => {
    await expectSame(
      async (sql) => [
        await sql`SELECT ${sql({ itemName: 'x' }, 'itemName')}`,
        await sql`SELECT 1 AS an_item, '{"a_b": 1}'::jsonb AS data`,
        (sql as unknown as { types: { point(value: unknown): { type: number } } }).types.point([1, 2]).type,
      ],
      {
        transform: postgres.camel,
        types: { point: { to: 600, from: [600], serialize: String, parse: (text: string) => text.length } },
      },
    )
  })

  it('debugs with the same texts', async () => {
    await expectSame(
      async (sql) => {
        const seen: unknown[] = []
        Object.assign(sql.options, {
          debug: (_connection: number, text: string, values: unknown[]) => seen.push([text, values]),
        })
        await sql`SELECT ${1}::int`
        await sql.begin((tx) => tx.savepoint((inner) => inner`SELECT 2`))
        return seen
      },
      { debug: () => {} },
    )
  })

  it('ends: a later query is refused by postgres.js', async () => {
    await expectSame(async (sql) => {
      await sql.end()
      return failing(() => sql`SELECT 1`)
    })
  })
})

describe('a guarded query', () => {
  it('is sent when someone awaits it, and once', async () => {
    await use({ guard: strict }, async (sql) => {
      await sql`CREATE TEMP TABLE seen (id int) ON COMMIT PRESERVE ROWS`.catch(() => {})
      await sql`CREATE TABLE IF NOT EXISTS lazily (id int)`
      const query = sql`INSERT INTO lazily VALUES (1)`
      const fragment = sql`SET search_path = nowhere`
      await sleep(20)
      expect(await sql`SELECT * FROM lazily`).toHaveLength(0)
      await Promise.all([query, query.then(() => {}), query.catch(() => {})])
      expect(await sql`SELECT * FROM lazily`).toHaveLength(1)
      expect(fragment).toBeInstanceOf(Promise)
    })
  })

  it('keeps its class, and shows the line of the application in the stack of an error', async () => {
    const stackOf = (sql: postgres.Sql): Promise<string> => failingStack(() => sql`SELECT missing`)
    const [guarded, unguarded] = [await use({ guard: strict }, stackOf), await use({}, stackOf)]
    expect(guarded).toMatch(/stackOf|same\.test\.ts/)
    expect(guarded.split('\n').length).toBe(unguarded.split('\n').length)
    await use({ guard: strict }, async (sql) => {
      const query = sql`SELECT 1`
      const { constructor } = await use({}, async (bare) => bare.unsafe('SELECT 1'))
      expect(constructor.name).toBe('Result')
      expect(query.constructor.name).toBe('Query')
      expect(query.then(() => {}).constructor).toBe(Promise)
    })
  })

  it('is cancelled by its own cancel()', async () => {
    await expectSame(async (sql) => {
      const query = sql`SELECT pg_sleep(600)`.execute()
      const [{ pid = 0 } = {}] = await use({}, (other) =>
        waitFor(
          () =>
            other`SELECT pid FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)' AND state = 'active' AND datname = current_database()`,
        ),
      )
      expect(pid).toBeGreaterThan(0)
      const queued = sql`SELECT 1 AS queued`.execute()
      query.cancel()
      return [await failing(() => query), await queued]
    })
  })
})

async function failingStack(call: () => PromiseLike<unknown>): Promise<string> {
  try {
    await call()
  } catch (error) {
    return String((error as Error).stack)
  }
  throw new Error('the call has not failed')
}

async function waitFor<Rows extends readonly unknown[]>(ask: () => Promise<Rows>): Promise<Rows> {
  for (;;) {
    const rows = await ask()
    if (rows.length > 0) return rows
    await sleep(5)
  }
}
