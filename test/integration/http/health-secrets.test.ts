import { createGuard, type GuardHealth } from '@poolsafe/core'
import { healthResponse } from '@poolsafe/http'
import { guardPool } from '@poolsafe/pg'
import { startPostgres, type PgBouncerServer, type PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { failureOf } from '../../support/prisma/guarded.ts'
import { startPgBouncer } from '../../support/servers/pgbouncer.ts'

let server: PostgresServer
let pgbouncer: PgBouncerServer
beforeAll(async () => {
  server = await startPostgres()
  pgbouncer = await startPgBouncer({ target: server, users: { keeper: 'hunter2password' } })
  const admin = new pg.Client({ connectionString: server.url })
  await admin.connect()
  await admin.query(`
    CREATE ROLE keeper LOGIN PASSWORD 'hunter2password';
    CREATE TABLE vault (secret text PRIMARY KEY);
    GRANT ALL ON vault TO keeper;
    CREATE FUNCTION tell() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE 'hunter2message' USING DETAIL = 'hunter2detail', HINT = 'hunter2hint'; END $$`)
  await admin.end()
})
afterAll(async () => {
  await pgbouncer.stop()
  await server.stop()
})

async function answerOf(
  url: string,
  use: (pool: pg.Pool) => Promise<void>,
): Promise<{ readonly text: string; readonly health: GuardHealth }> {
  const guard = createGuard({ logger: { warn: () => {} } })
  const pool = guardPool(new pg.Pool({ connectionString: url, max: 1 }), guard, {
    acquireTimeoutMillis: 1000,
    leakDetectionMillis: 10,
    callSites: true,
  })
  pool.on('error', () => {})
  try {
    await use(pool)
    const options = { details: true, longestWaitMillis: 1, pingTimeoutMillis: 60_000 }
    const response = await healthResponse(guard, options)(new Request('http://localhost/health'))
    const body = await response.text()
    return { text: body + JSON.stringify(guard.stats()), health: JSON.parse(body) as GuardHealth }
  } finally {
    await pool.end()
  }
}

it('an answer has no password, no value, no literal, no comment and nothing of an error', async () => {
  const { text, health } = await answerOf(pgbouncer.urlFor('keeper', 'hunter2password'), async (pool) => {
    await pool.query("INSERT INTO vault VALUES ('hunter2literal') -- hunter2comment")
    await pool.query('SELECT * FROM vault WHERE secret = $1 /* hunter2trace */', ['hunter2parameter'])
    await failureOf(() => pool.query("INSERT INTO vault VALUES ('hunter2literal')"))
    await failureOf(() => pool.query("SELECT tell(), $q$hunter2dollar$q$, E'hunter2\\n', U&'hunter2', B'1', 20250614"))
    await pool.query("SET application_name = 'hunter2setting'")
    const client = await pool.connect()
    await client.query("SELECT 'hunter2held'")
    await failureOf(() => pool.query("SELECT 'hunter2waits'"))
    client.release()
  })
  expect(health).toMatchObject({
    problems: expect.arrayContaining(['acquireTimeout']) as unknown,
    totalErrors: 3,
    findings: { 'session/set': 1 },
  })
  expect(health.slowest.length).toBeGreaterThan(4)
  expect(text).not.toMatch(/hunter2|20250614/)
})

it('an answer about a server that refuses has neither the password nor the words of the server', async () => {
  const { text, health } = await answerOf(pgbouncer.urlFor('keeper', 'hunter2wrong'), async (pool) => {
    await failureOf(() => pool.query("SELECT 'hunter2literal'"))
  })
  expect(health.problems).toContain('cannotConnect')
  expect(text).not.toContain('hunter2')
})
