import { once } from 'node:events'
import { pipeline } from 'node:stream/promises'
import { Readable } from 'node:stream'
import type pg from 'pg'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import QueryStream from 'pg-query-stream'
import { numbers, one, shownNumbers, sql, swallow, unsendable, withClient, type Form } from './tools.ts'

/** Every way in which pg takes a statement. */
export const callForms: Record<string, Form> = {
  'pool.query, promise': { send: (pool) => pool.query(sql), told: [one] },
  'pool.query, callback': { send: (pool) => new Promise((resolve) => pool.query(sql, resolve)), told: [one] },
  'pool.query, failing': { send: (pool) => swallow(pool.query('SELECT 1 / 0')), told: [['SELECT ? / ?', '22012']] },
  'pool.query, many at once': {
    send: (pool) => Promise.all([1, 2, 3].map(() => pool.query(sql))),
    told: [one, one, one],
  },
  'pool.query, of what cannot be sent': {
    send: async (pool) => {
      await swallow(pool.query('SELECT $1::text AS bad', [unsendable]))
      await pool.query(sql)
    },
    told: [['SELECT ?::text AS bad', 'failed'], one],
    reach: 1,
  },
  'client.query, text': { send: (pool) => withClient(pool, (client) => client.query(sql)), told: [one] },
  'client.query, values': {
    send: (pool) => withClient(pool, (client) => client.query('SELECT $1::int AS one', [1])),
    told: [['SELECT ?::int AS one', 1]],
  },
  'client.query, configuration': {
    send: (pool) => withClient(pool, (client) => client.query({ text: sql, rowMode: 'array' })),
    told: [one],
  },
  'client.query, named': {
    send: (pool) =>
      withClient(pool, async (client) => {
        for (let time = 1; time <= 2; time++) await client.query({ name: 'one', text: 'SELECT 1 AS named' })
      }),
    told: [
      ['SELECT ? AS named', 1],
      ['SELECT ? AS named', 1],
    ],
  },
  'client.query, by the name of what was prepared': {
    send: (pool) =>
      withClient(pool, async (client) => {
        // The types of pg ask for a text.
        const again = { name: 'one', values: [] } as unknown as pg.QueryConfig
        await client.query({ name: 'one', text: 'SELECT 1 AS named' })
        await client.query(again)
        await client.query({ name: 'opens', text: 'BEGIN' })
        await client.query('ROLLBACK')
        await client.query({ name: 'opens' } as pg.QueryConfig)
        await client.query('ROLLBACK')
      }),
    told: [
      ['SELECT ? AS named', 1],
      ['SELECT ? AS named', 1],
      ['BEGIN', undefined],
      ['ROLLBACK', undefined],
      ['BEGIN', undefined],
      ['ROLLBACK', undefined],
    ],
    isDirect: true,
  },
  'client.query, by a name that is about to be prepared': {
    send: (pool) =>
      withClient(pool, (client) =>
        Promise.all([
          client.query({ name: 'one', text: 'SELECT 1 AS named' }),
          client.query({ name: 'one' } as pg.QueryConfig),
        ]),
      ),
    told: [
      ['SELECT ? AS named', 1],
      ['SELECT ? AS named', 1],
    ],
    isDirect: true,
  },
  'pool.query, by the name of what was prepared': {
    send: async (pool) => {
      await pool.query({ name: 'one', text: 'SELECT 1 AS named' })
      await pool.query({ name: 'one' } as pg.QueryConfig)
    },
    told: [
      ['SELECT ? AS named', 1],
      ['SELECT ? AS named', 1],
    ],
    isDirect: true,
  },
  'client.query, by a name that nothing has': {
    send: (pool) => withClient(pool, (client) => client.query({ name: 'none' } as pg.QueryConfig)),
    told: [['', undefined]],
    // The server logs no empty statement.
    reach: 0,
  },
  'client.query, callback': {
    send: (pool) => withClient(pool, (client) => new Promise((resolve) => client.query(sql, resolve))),
    told: [one],
  },
  'client.query, callback in the configuration': {
    send: (pool) =>
      withClient(
        pool,
        (client) => new Promise((resolve) => void client.query({ text: sql, callback: resolve } as pg.QueryConfig)),
      ),
    told: [one],
  },
  'pg.Query with events': {
    send: (pool, { Query }) => withClient(pool, (client) => once(client.query(new Query(sql)), 'end')),
    told: [one],
  },
  'pg.Query, failing': {
    send: (pool, { Query }) =>
      withClient(pool, async (client) => {
        await once(client.query(new Query('SELECT 1 / 0')), 'error')
        await client.query(sql)
      }),
    told: [['SELECT ? / ?', '22012'], one],
  },
  'statements that change rows': {
    send: (pool) =>
      withClient(pool, async (client) => {
        await client.query('INSERT INTO goods SELECT n FROM generate_series(1, 3) AS n')
        await client.query('UPDATE goods SET id = id + 10 WHERE id > 1')
        await client.query('DELETE FROM goods')
      }),
    told: [
      ['INSERT INTO goods SELECT n FROM generate_series(?) AS n', 3],
      ['UPDATE goods SET id = id + ? WHERE id > ?', 2],
      ['DELETE FROM goods', 3],
    ],
  },
  'several statements in one text': {
    send: (pool) => withClient(pool, (client) => client.query('SELECT 1 AS one; SELECT 2 AS two')),
    told: [['SELECT ? AS one; SELECT ? AS two', 2]],
  },
  'an empty text': {
    send: (pool) => withClient(pool, (client) => client.query('-- nothing')),
    told: [['', undefined]],
  },
  'a cursor that is read to its end': {
    send: (pool) =>
      withClient(pool, async (client) => {
        const cursor = client.query(new Cursor(numbers))
        while ((await cursor.read(2)).length > 0);
        await cursor.close()
        await client.query(sql)
      }),
    told: [[shownNumbers, 5], one],
  },
  'a cursor that is closed early': {
    send: (pool) =>
      withClient(pool, async (client) => {
        const cursor = client.query(new Cursor(numbers))
        await cursor.read(2)
        await cursor.close()
        await client.query('SELECT $1::int AS one', [1])
      }),
    told: [
      [shownNumbers, 2],
      ['SELECT ?::int AS one', 1],
    ],
  },
  'a cursor that fails': {
    send: (pool) =>
      withClient(pool, async (client) => {
        const cursor = client.query(new Cursor('SELECT 1 / (n - 3) FROM generate_series(1, 5) AS n'))
        await cursor.read(2)
        await swallow(cursor.read(2))
        await swallow(cursor.close())
        await client.query(sql)
      }),
    told: [['SELECT ? / (n - ?) FROM generate_series(?) AS n', '22012'], one],
  },
  'a stream': {
    send: (pool) =>
      withClient(pool, async (client) => {
        await client.query(new QueryStream(numbers, [], { batchSize: 2 })).toArray()
        await client.query(sql)
      }),
    told: [[shownNumbers, 5], one],
  },
  'a stream that fails': {
    send: (pool) =>
      withClient(pool, async (client) => {
        await swallow(client.query(new QueryStream('SELECT 1 / (n - 3) FROM generate_series(1, 5) AS n')).toArray())
        await client.query(sql)
      }),
    told: [['SELECT ? / (n - ?) FROM generate_series(?) AS n', '22012'], one],
  },
  COPY: {
    send: (pool) =>
      withClient(pool, async (client) => {
        await pipeline(Readable.from(['1\n', '2\n']), client.query(copyFrom('COPY goods FROM STDIN')))
        await client.query(copyTo('COPY goods TO STDOUT')).toArray()
        await client.query('TRUNCATE goods')
      }),
    told: [
      ['COPY goods FROM STDIN', 2],
      ['COPY goods TO STDOUT', 2],
      ['TRUNCATE goods', undefined],
    ],
  },
  'a transaction with savepoints': {
    send: (pool) =>
      withClient(pool, async (client) => {
        for (const text of ['BEGIN', sql, 'SAVEPOINT s', 'SELECT 1 / 0', 'ROLLBACK TO s', sql, 'COMMIT'])
          await swallow(client.query(text))
      }),
    told: [
      ['BEGIN', undefined],
      one,
      ['SAVEPOINT s', undefined],
      ['SELECT ? / ?', '22012'],
      ['ROLLBACK TO s', undefined],
      one,
      ['COMMIT', undefined],
    ],
  },
  'a transaction whose statements are limited': {
    send: (pool) =>
      withClient(pool, async (client) => {
        for (const text of ['BEGIN', sql, 'COMMIT']) await client.query(text)
      }),
    told: [['BEGIN', undefined], one, ['COMMIT', undefined]],
    // Our own SET LOCAL.
    reach: 4,
    options: { statementTimeoutMillis: 60_000 },
  },
  'a statement that takes too long': {
    send: (pool) => withClient(pool, (client) => swallow(client.query('SELECT pg_sleep(60)'))),
    told: [['SELECT pg_sleep(?)', '57014']],
    options: { statementTimeoutMillis: 100 },
  },
  'a statement that takes too long in a transaction': {
    send: (pool) =>
      withClient(pool, async (client) => {
        for (const text of ['BEGIN', 'SELECT pg_sleep(60)', 'ROLLBACK']) await swallow(client.query(text))
      }),
    told: [
      ['BEGIN', undefined],
      ['SELECT pg_sleep(?)', '57014'],
      ['ROLLBACK', undefined],
    ],
    reach: 4,
    options: { statementTimeoutMillis: 500 },
  },
}
