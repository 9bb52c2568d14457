import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { once } from 'node:events'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { from as copyFrom, to as copyTo } from 'pg-copy-streams'
import Cursor from 'pg-cursor'
import pg from 'pg'
import QueryStream from 'pg-query-stream'
import { BehindPooler, onClient, pidOf, type Client } from './behind-pooler.ts'

let behind: BehindPooler
beforeAll(async () => void (behind = await BehindPooler.start()))
afterEach(() => behind.endPools())
afterAll(() => behind.stop())

const pid = 'SELECT pg_backend_pid() AS pid'

/** Each form of `query`, with the process id of the server that answers it. */
const forms: Readonly<Record<string, (client: Client) => Promise<number>>> = {
  promise: async (client) => pidOf(client),
  config: async (client) => (await client.query<{ pid: number }>({ text: pid })).rows[0]?.pid ?? 0,
  callback: (client) =>
    new Promise((resolve, reject) => {
      client.query<{ pid: number }>(pid, (error, answer) => (error ? reject(error) : resolve(answer.rows[0]?.pid ?? 0)))
    }),
  'callback with values': (client) =>
    new Promise((resolve, reject) => {
      client.query<{ pid: number }>(`${pid} WHERE $1`, [true], (error, answer) =>
        error ? reject(error) : resolve(answer.rows[0]?.pid ?? 0),
      )
    }),
  'named statement': async (client) =>
    (await client.query<{ pid: number }>({ name: 'a', text: pid })).rows[0]?.pid ?? 0,
  'pg.Query': async (client) => {
    const query = client.query(new pg.Query<{ pid: number }>(pid))
    const [[row]] = (await Promise.all([once(query, 'row'), once(query, 'end')])) as [[{ pid: number }], unknown]
    return row.pid
  },
  cursor: async (client) => {
    const cursor = client.query(new Cursor<{ pid: number }>(pid))
    const [row] = await cursor.read(1)
    await cursor.close()
    return row?.pid ?? 0
  },
  stream: async (client) => {
    const [row] = await client.query(new QueryStream(pid)).toArray()
    return (row as { pid: number }).pid
  },
  'copy out': async (client) => {
    let text = ''
    const sink = new Writable({ write: (chunk, _encoding, done) => ((text += String(chunk)), done()) })
    await pipeline(client.query(copyTo(`COPY (${pid}) TO STDOUT`)), sink)
    return Number(text)
  },
}

describe.each(Object.entries(forms))('%s', (_name, ask) => {
  it('runs on the direct connection of a moved checkout', async () => {
    const { pool } = behind.open()
    await onClient(pool, async (client) => {
      await client.query('LISTEN a')
      expect(await ask(client)).toBe(client.processID)
    })
  })

  it('waits behind a statement that moves the checkout', async () => {
    const { pool } = behind.open()
    await onClient(pool, async (client) => {
      const listening = client.query('LISTEN a')
      const asked = await ask(client)
      expect(asked).toBe(client.processID)
      expect(asked).not.toBe(await pidOf(pool))
      await listening
    })
  })
})

/** Each form of a statement that moves its checkout. */
const movingForms: Readonly<Record<string, (client: Client) => Promise<unknown>>> = {
  promise: async (client) => client.query('LISTEN a'),
  callback: (client) => new Promise((resolve) => client.query('LISTEN a', resolve)),
  'pg.Query': (client) => once(client.query(new pg.Query('LISTEN a')), 'end'),
  cursor: async (client) => {
    const cursor = client.query(new Cursor("SELECT set_config('work_mem', '7MB', false)"))
    await cursor.read(1)
    await cursor.close()
  },
  stream: (client) => client.query(new QueryStream("SELECT set_config('work_mem', '7MB', false)")).toArray(),
}

it.each(Object.entries(movingForms))('a %s moves its checkout', async (_name, move) => {
  const { pool, moved } = behind.open()
  await onClient(pool, async (client) => {
    await move(client)
    expect(moved.length).toBe(1)
    expect(await pidOf(client)).toBe(client.processID)
  })
})

/** The actions of a reader on a cursor or a stream that waits for its connection. */
const earlyCloses: Readonly<Record<string, (client: Client) => Promise<unknown>>> = {
  'a cursor': async (client) => {
    const cursor = client.query(new Cursor(leaving))
    await cursor.close()
    expect(await cursor.read(1)).toEqual([])
    await cursor.close()
  },
  'a cursor with a callback': (client) => {
    const cursor = client.query(new Cursor(leaving))
    return new Promise<void>((resolve, reject) => cursor.close((error) => (error ? reject(error) : resolve())))
  },
  'a cursor that is being read': async (client) => {
    const cursor = client.query(new Cursor(leaving))
    const reads = [cursor.read(1), cursor.read(1)]
    await cursor.close()
    expect(await Promise.all(reads)).toEqual([[], []])
  },
  'a stream': (client) => once(client.query(new QueryStream(leaving)).destroy(), 'close'),
  'a stream that is being read': async (client) => {
    const stream = client.query(new QueryStream(leaving))
    stream.on('data', () => {})
    await new Promise(setImmediate)
    await once(stream.destroy(), 'close')
  },
}

const leaving = "SELECT set_config('app.early', g::text, false) FROM generate_series(1, 50) g"

describe.each(Object.entries(earlyCloses))('%s that is closed before it has its connection', (_name, close) => {
  it('is not sent while another checkout holds the only direct connection', async () => {
    const { pool } = behind.open({ max: 2 })
    const holder = await pool.connect()
    await holder.query('LISTEN a')
    await onClient(pool, async (client) => {
      await close(client)
      holder.release()
      const { rows } = await client.query("SELECT current_setting('app.early', true) AS early")
      expect(rows).toEqual([{ early: null }])
    })
  })

  it('is not sent behind a statement that moves its checkout', async () => {
    const { pool } = behind.open()
    await onClient(pool, async (client) => {
      const listening = client.query('LISTEN a')
      await close(client)
      await listening
      const { rows } = await client.query("SELECT current_setting('app.early', true) AS early")
      expect(rows).toEqual([{ early: null }])
    })
  })
})

it('COPY FROM goes where the checkout is', async () => {
  const { pool } = behind.open()
  await onClient(pool, async (client) => {
    await client.query('CREATE TEMP TABLE a (b int)')
    await pipeline(Readable.from(['1\n', '2\n']), client.query(copyFrom('COPY a FROM STDIN')))
    expect((await client.query('SELECT sum(b)::int FROM a')).rows).toEqual([{ sum: 3 }])
  })
})

it('answers come in the order of the calls', async () => {
  const { pool } = behind.open()
  await onClient(pool, async (client) => {
    const texts = ['SELECT 1 AS a', 'LISTEN a', 'SELECT 2 AS a', 'LISTEN b', 'SELECT 3 AS a']
    const order: string[] = []
    await Promise.all(texts.map((text) => client.query(text).then(() => order.push(text))))
    expect(order).toEqual(texts)
  })
})

it('a statement that was prepared on the pooled connection is found by its name', async () => {
  const { pool } = behind.open({}, { rules: { 'session/named-statement': 'allow' } })
  await onClient(pool, async (client) => {
    await client.query({ name: 'a', text: 'SELECT $1::int AS b', values: [1] })
    await client.query('LISTEN a')
    // pg's types leave out the form that pg has: a name alone.
    const byName = { name: 'a', values: [2] } as unknown as pg.QueryConfig
    expect((await client.query(byName)).rows).toEqual([{ b: 2 }])
  })
})

it('type parsers of the client hold on the direct connection, and no longer', async () => {
  const { pool, direct } = behind.open()
  await onClient(pool, async (client) => {
    client.setTypeParser(pg.types.builtins.INT4, () => 'mine')
    await client.query('LISTEN a')
    expect((await client.query('SELECT 1 AS a')).rows).toEqual([{ a: 'mine' }])
  })
  expect((await direct.query('SELECT 1 AS a')).rows).toEqual([{ a: 1 }])
})

it('a wrapper that the application has put around query stays', async () => {
  const { pool } = behind.open()
  await onClient(pool, async (client) => {
    const seen: unknown[] = []
    const inner = client.query.bind(client) as (...args: unknown[]) => unknown
    Object.assign(client, { query: (...args: unknown[]) => (seen.push(args[0]), inner(...args)) })
    await client.query('LISTEN a')
    await client.query('SELECT 1')
    expect(seen).toEqual(['LISTEN a', 'SELECT 1'])
  })
})
