import type pg from 'pg'
import Cursor from 'pg-cursor'
import { expect } from 'vitest'
import { numbers, one, shownNumbers, sql, swallow, unsendable, withClient, type Form } from './tools.ts'

/** Queues, pipelines, and what fails elsewhere than at the server. */
export const queuesAndFailures: Record<string, Form> = {
  'statements that are queued on one client': {
    send: (pool) =>
      withClient(pool, (client) =>
        Promise.all([client.query(sql), swallow(client.query('SELECT 1 / 0')), client.query('SELECT 2 AS two')]),
      ),
    told: [one, ['SELECT ? / ?', '22012'], ['SELECT ? AS two', 1]],
  },
  'statements in a pipeline': {
    send: (pool) =>
      withClient(pool, (client) =>
        Promise.all([
          client.query(sql),
          client.query('SELECT $1::int AS a', [1]),
          swallow(client.query('SELECT 1 / 0')),
          swallow(client.query(new Cursor(numbers)).read(1)),
          swallow(client.query('SELECT $1::text AS bad', [unsendable])),
          client.query('SELECT 2 AS two'),
        ]),
      ),
    told: [
      [shownNumbers, 'failed'],
      ['SELECT ?::text AS bad', 'failed'],
      one,
      ['SELECT ?::int AS a', 1],
      ['SELECT ? / ?', '22012'],
      ['SELECT ? AS two', 1],
    ],
    reach: 4,
    isNew: true,
    config: { pipeline: true },
  },
  'a value that cannot be sent': {
    send: (pool) =>
      withClient(pool, async (client) => {
        await Promise.all([
          client.query(sql),
          swallow(client.query('SELECT $1::text AS bad', [unsendable])),
          client.query(sql),
        ])
        await swallow(client.query('SELECT $1::text AS bad', [unsendable]))
        await client.query('SELECT 2 AS two')
      }),
    told: [one, ['SELECT ?::text AS bad', 'failed'], one, ['SELECT ?::text AS bad', 'failed'], ['SELECT ? AS two', 1]],
    reach: 3,
    // The oldest version waits for an answer forever.
    isNew: true,
  },
  'values that are no array': {
    send: (pool) =>
      withClient(pool, async (client) => {
        await swallow(client.query('SELECT $1::text AS bad', 'x' as never))
        await client.query(sql)
      }),
    told: [['SELECT ?::text AS bad', 'failed'], one],
    reach: 1,
  },
  'one name for two statements': {
    send: (pool) =>
      withClient(pool, async (client) => {
        await client.query({ name: 'x', text: sql })
        await swallow(client.query({ name: 'x', text: 'SELECT 2 AS two' }))
        await client.query(sql)
      }),
    told: [one, ['SELECT ? AS two', 'failed'], one],
    reach: 2,
  },
  'an answer that the client cannot read': {
    send: (pool) =>
      withClient(pool, async (client) => {
        const parse = (): never => expect.fail('not readable')
        await swallow(client.query({ text: sql, types: { getTypeParser: () => parse } } as pg.QueryConfig))
        await client.query('SELECT 2 AS two')
      }),
    told: [
      ['SELECT ? AS one', 'failed'],
      ['SELECT ? AS two', 1],
    ],
  },
  'a query_timeout of pg': {
    send: (pool) =>
      withClient(pool, async (client) => {
        await swallow(client.query({ text: 'SELECT pg_sleep(1)', query_timeout: 50 } as pg.QueryConfig))
        await client.query(sql)
      }),
    told: [['SELECT pg_sleep(?)', 'failed'], one],
    isNew: true,
  },
  'a session that the server ends': {
    send: async (pool) => {
      const client = await pool.connect()
      await Promise.all([
        swallow(client.query('SELECT pg_terminate_backend(pg_backend_pid())')),
        swallow(client.query(sql)),
      ])
      await swallow(client.query('SELECT 2 AS two'))
      client.release(true)
    },
    told: [
      ['SELECT pg_terminate_backend(pg_backend_pid())', '57P01'],
      ['SELECT ? AS one', 'failed'],
      ['SELECT ? AS two', 'failed'],
    ],
    reach: 1,
    isDirect: true,
  },
  'a connection that breaks': {
    send: async (pool) => {
      const client = await pool.connect()
      const [sent, queued] = [swallow(client.query('SELECT pg_sleep(60)')), swallow(client.query(sql))]
      const { connection } = client as unknown as { connection: { stream: { destroy(error: Error): void } } }
      connection.stream.destroy(new Error('gone'))
      await Promise.all([sent, queued])
      client.release(true)
    },
    told: [
      ['SELECT pg_sleep(?)', 'failed'],
      ['SELECT ? AS one', 'failed'],
    ],
    reach: 0,
  },
}
