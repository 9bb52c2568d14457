import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventsOf, observed, watch } from './setup.ts'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'
import { startPgBouncer } from '../../../support/servers/pgbouncer.ts'

const explaining = {
  ...observed,
  verySlowQueryMillis: Infinity,
  slowQueryIntervalMillis: Infinity,
  explainSlowQueries: true,
}

let server: SharedPostgres
let monitor: pg.Client
beforeAll(async () => {
  server = await sharedPostgres()
  monitor = new pg.Client(server.url)
  await monitor.connect()
  await monitor.query('CREATE TABLE orders (id int PRIMARY KEY, note text)')
  await monitor.query("INSERT INTO orders SELECT i, 'n' || i FROM generate_series(1, 100) i")
})
afterAll(async () => {
  await monitor.end()
  await server.stop()
})

/** Its sleep is the server's, whatever is planned. */
const slowSelect = "SELECT o.note, pg_sleep(0.2) FROM orders o WHERE o.id = $1 AND o.note <> 'planted'"

it('the plan of a slow SELECT is in the log line and in the event, without its literals', async () => {
  await watch(server, explaining, async (watched) => {
    await watched.pool.query(slowSelect, [7])
    const [event] = await eventsOf(watched, 1)
    expect(event).toMatchObject({
      noPlan: undefined,
      plan: expect.stringMatching(/^(?:Index Scan using orders_pkey|Seq Scan) on orders o \(cost /),
    })
    expect(event?.plan).toContain('(note <> ?::text)')
    expect(event?.plan).toContain('$1')
    expect(watched.warnings).toHaveLength(1)
    expect(watched.warnings[0]).toMatch(/ o\.note <> \?; plan: .* on orders o \(cost /)
    expect(JSON.stringify([watched.warnings, watched.events])).not.toContain('planted')
  })
})

it('the question for the plan is no statement of the application: it is not observed, judged or counted', async () => {
  await watch(server, explaining, async (watched) => {
    await watched.pool.query(slowSelect, [7])
    await eventsOf(watched, 1)
    expect(watched.guard.stats()).toMatchObject({
      totalQueries: 1,
      slowQueries: 1,
      pools: [{ acquired: 1, size: 1, idle: 1, active: 0 }],
    })
    expect(watched.faults).toEqual([])
  })
})

it('the plan is asked for once for a fingerprint and interval', async () => {
  await watch(server, explaining, async (watched) => {
    for (const id of [1, 2, 3]) {
      await watched.pool.query(slowSelect, [id])
      await eventsOf(watched, id)
    }
    const { events } = watched
    expect(events.filter(({ plan }) => plan !== undefined)).toHaveLength(1)
  })
})

const others: readonly (readonly [string, string, string])[] = [
  ['an INSERT', 'INSERT INTO orders SELECT 1000, pg_sleep(0.2)::text', 'no single SELECT'],
  [
    'a SELECT with a writing WITH',
    "WITH w AS (UPDATE orders SET note = 'x' WHERE id = 2 RETURNING id) SELECT id, pg_sleep(0.2) FROM w",
    'writes or locks',
  ],
  ['a SELECT that locks', 'SELECT id, pg_sleep(0.2) FROM orders WHERE id = 1 FOR UPDATE', 'writes or locks'],
  ['several statements', 'SELECT 1; SELECT pg_sleep(0.2)', 'no single SELECT'],
]

it.each(others)('the plan of %s is not asked for, and the line says why', async (_name, sql, noPlan) => {
  await watch(server, explaining, async (watched) => {
    await watched.pool.query(sql)
    expect(await eventsOf(watched, 1)).toMatchObject([{ plan: undefined, noPlan }])
    expect(watched.warnings).toEqual([expect.stringContaining(`no plan: ${noPlan}`)])
  })
})

it('a refusal of the server is reported by its SQLSTATE, and the next statement is as before', async () => {
  await watch(server, explaining, async (watched) => {
    const { pool } = watched
    const client = await pool.connect()
    await client.query('BEGIN')
    await client.query('CREATE TEMP TABLE mine ON COMMIT DROP AS SELECT 1 AS id')
    await client.query('SELECT id, pg_sleep(0.2) FROM mine')
    await client.query('COMMIT')
    client.release()
    // Asked on another connection, or after the COMMIT: in both cases the table is not there.
    await pool.query('SELECT id, pg_sleep(0.2) FROM orders WHERE id = 3')
    const events = (await eventsOf(watched, 2)).filter(({ statement }) => statement.includes('pg_sleep'))
    const ofMine = events.find(({ statement }) => statement.includes('mine'))
    expect(['42P01', 'no idle connection']).toContain(ofMine?.noPlan)
    expect(watched.faults).toEqual([])
  })
})

it('if no connection is idle, no plan is asked for, and none is opened', async () => {
  await watch(server, explaining, async (watched) => {
    const client = await watched.pool.connect()
    await client.query(slowSelect, [7])
    expect(await eventsOf(watched, 1)).toMatchObject([{ plan: undefined, noPlan: 'no idle connection' }])
    expect(watched.pool.totalCount).toBe(1)
    client.release()
  })
})

it('planning calls what is declared immutable: it cannot write', async () => {
  await monitor.query('CREATE TABLE marks (at timestamptz)')
  await monitor.query("CREATE FUNCTION note() RETURNS void LANGUAGE sql VOLATILE AS 'INSERT INTO marks VALUES (now())'")
  await monitor.query(
    "CREATE FUNCTION mark(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM note(); RETURN i; END'",
  )
  await watch(server, explaining, async (watched) => {
    await watched.pool.query('SELECT mark(1), pg_sleep(0.2)')
    expect(await eventsOf(watched, 1)).toMatchObject([{ plan: undefined, noPlan: '25006' }])
    expect((await monitor.query('SELECT count(*)::int AS count FROM marks')).rows).toEqual([{ count: 1 }])
  })
})

it('the limit and the read-only mode of the question end with it', async () => {
  await watch(
    server,
    explaining,
    async (watched) => {
      await watched.pool.query(slowSelect, [7])
      await eventsOf(watched, 1)
      const { rows } = await watched.pool.query(
        "SELECT current_setting('statement_timeout') AS timeout, current_setting('transaction_read_only') AS readonly",
      )
      expect(rows).toEqual([{ timeout: '0', readonly: 'off' }])
    },
    { config: { max: 1 } },
  )
})

it('behind a transaction pooler the plan comes as well, and the next client of the server connection sees nothing of the EXPLAIN', async () => {
  const pooler = await startPgBouncer({ target: server, defaultPoolSize: 1 })
  const stranger = new pg.Client(pooler.url).on('error', () => {})
  try {
    await watch(
      server,
      explaining,
      async (watched) => {
        await watched.pool.query(slowSelect, [7])
        const [event] = await eventsOf(watched, 1)
        expect(event).toMatchObject({ noPlan: undefined, plan: expect.stringContaining(' on orders o') })
        await stranger.connect()
        const { rows } = await stranger.query(
          "SELECT current_setting('statement_timeout') AS timeout, current_setting('transaction_read_only') AS readonly",
        )
        expect(rows).toEqual([{ timeout: '0', readonly: 'off' }])
      },
      { config: { connectionString: pooler.url } },
    )
  } finally {
    await stranger.end()
    await pooler.stop()
  }
})

it('a plan that takes long is not waited for', async () => {
  await monitor.query(
    "CREATE FUNCTION nap(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN PERFORM pg_sleep(3); RETURN i; END'",
  )
  await watch(server, explaining, async (watched) => {
    await watched.pool.query('SELECT nap(1)')
    const [event] = await eventsOf(watched, 1)
    // The server's limit comes first, unless the machine is slow.
    expect(['57014', 'no answer']).toContain(event?.noPlan)
    expect(watched.warnings).toEqual([expect.stringContaining('no plan: ')])
  })
})

it('no plan is asked for unless it is wanted', async () => {
  await watch(server, { ...explaining, explainSlowQueries: false }, async (watched) => {
    await watched.pool.query(slowSelect, [7])
    expect(await eventsOf(watched, 1)).toMatchObject([{ plan: undefined, noPlan: undefined }])
  })
})
