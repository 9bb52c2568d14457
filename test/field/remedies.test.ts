import { allow, createGuard, rules, type Guard, type RuleId } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import { PrismaPg } from '@prisma/adapter-pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { stripTypeScriptTypes } from 'node:module'
import pg from 'pg'
import Cursor from 'pg-cursor'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { PrismaClient } from '../generated/prisma7/client.ts'
import { probes } from '../support/session/snapshot.ts'

// Each remedy of each rule, as it stands in the documentation, is run as code in strict mode: it works, nothing is
// found, nothing is left.

/** Why a remedy is not run here. */
const unproved: { readonly [Id in RuleId]?: string } = {
  'connection/cancel-by-pid': 'needs a signal of Kysely 0.29: test/integration/kysely/cancelling.test.ts',
  'session/backup': 'copies the data folder: test/proofs',
  'session/dblink': 'needs another server: test/proofs',
  'session/foreign-connection': 'needs another server: test/proofs',
  'session/hypothetical-index': 'needs hypopg: test/proofs',
  'session/replication-origin': 'needs a replication origin: test/proofs',
  'session/replication-slot': 'needs logical replication: test/proofs',
  'session/listen': 'goes over a connection that is not pooled: test/proofs',
  'session/package-state': 'goes over a connection that is not pooled: test/proofs',
  'transaction/exported-snapshot': 'needs workers: test/proofs',
  'session/extension-setting': 'needs pg_trgm, which this server has not: test/proofs',
  'session/load': 'names a database of the application',
  'connection/startup-parameter': 'opens a pool: test/integration/pg/startup.test.ts',
  'connection/wrong-profile': 'opens a pool: test/integration/pg/wrong-profile.test.ts',
  'connection/used-after-release': 'calls functions of the application',
}

/** Values from outside, with what would break a text that they were written into. */
const outside = {
  tenant: "o'neill\\",
  orgId: '7',
  total: "7'",
  orderId: 1,
  userId: 1,
  lastId: 1,
  item: "it's a \\book",
  values: [1, 2],
  random: () => 0.5,
}

const tables = `
  CREATE TABLE orders (id serial PRIMARY KEY, item text, org_id int, total int NOT NULL DEFAULT 0, paid boolean NOT NULL DEFAULT false);
  CREATE TABLE counters (id serial PRIMARY KEY, value int NOT NULL DEFAULT 0);
  CREATE TABLE jobs (id int PRIMARY KEY, taken boolean NOT NULL DEFAULT false);
  CREATE TABLE leases (name text PRIMARY KEY, held_until timestamptz NOT NULL DEFAULT '-infinity');
  CREATE TABLE notes (item text);
  CREATE TABLE payments (order_id int);
  CREATE TABLE readings (value float8);
  CREATE TABLE users (id int);
  CREATE ROLE app; CREATE ROLE reporting; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reporting;
  INSERT INTO orders (item) VALUES ('a'), ('b'); INSERT INTO counters DEFAULT VALUES; INSERT INTO jobs VALUES (1); INSERT INTO users VALUES (1);
  INSERT INTO leases VALUES ('report'); SELECT lo_from_bytea(16409, 'text')`

/** What a remedy calls of the application: it works on the handle that it is given. */
const functions = {
  kysely: {
    addPayment: (db: Kysely<unknown>, id: number) => sql`INSERT INTO payments (order_id) VALUES (${id})`.execute(db),
  },
  prisma: {
    addPayment: async (client: Pick<PrismaClient, '$executeRaw'>, id: number) =>
      await client.$executeRaw`INSERT INTO payments (order_id) VALUES (${id})`,
  },
}

let server: PostgresServer
let template: pg.Client
let made = 0

beforeAll(async () => {
  server = await startPostgres()
  const admin = new pg.Client(server.url)
  await admin.connect()
  await admin.query(tables)
  await admin.end()
  template = new pg.Client(server.url.replace(/\/[^/?]*(\?|$)/, '/template1$1'))
  await template.connect()
})
afterAll(async () => {
  await template.end()
  await server.stop()
})

/** A database of its own for each remedy. */
let url: string
beforeEach(async () => {
  const name = `remedy_${++made}`
  const source = new URL(server.url).pathname.slice(1)
  await template.query(`CREATE DATABASE ${name} TEMPLATE "${source}"`)
  const changed = new URL(server.url)
  changed.pathname = `/${name}`
  url = changed.href
})

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
  ...parts: string[]
) => (...given: unknown[]) => Promise<unknown>

/** Runs code as an application would hold it, with these names in scope. */
async function run(code: string, scope: Readonly<Record<string, unknown>>): Promise<unknown> {
  // In a function, `return` and `await` are where TypeScript expects them.
  const stripped = stripTypeScriptTypes(`async function remedy() {\n${code}\n}`)
  return new AsyncFunction(...Object.keys(scope), `${stripped}\nreturn remedy()`)(...Object.values(scope))
}

/** What the session of a pool of one shows. */
async function stateOf(on: Pick<pg.Pool, 'query'>): Promise<string> {
  const look = allow('session/replication-origin', 'only looks', () => on.query({ text: probes(''), rowMode: 'array' }))
  return JSON.stringify((await look).rows)
}

function guardedPool(guard: Guard = createGuard({ mode: 'strict' })): pg.Pool {
  return guardPool(new pg.Pool({ connectionString: url, max: 1 }), guard)
}

const cases = rules.flatMap(({ id, remedy }) => (unproved[id] === undefined ? [{ id, remedy }] : []))
const written = (layer: 'sql' | 'pg' | 'kysely' | 'prisma'): { id: RuleId; code: string }[] =>
  cases.flatMap(({ id, remedy: { [layer]: code } }) => (code === undefined ? [] : [{ id, code }]))

describe('the remedy in SQL', () => {
  it.each(written('sql'))('of $id runs and leaves nothing', async ({ code }) => {
    const pool = guardedPool()
    const client = await pool.connect()
    const before = await stateOf(client)
    for (const statement of code.split(/;[^\n]*\n|;$/).filter((text) => text.trim() !== ''))
      await client.query(statement)
    expect(await stateOf(client)).toBe(before)
    client.release()
    await pool.end()
  })
})

describe('the remedy through pg', () => {
  it.each(written('pg'))('of $id runs with values from outside and leaves nothing', async ({ code }) => {
    const pool = guardedPool()
    const before = await stateOf(pool)
    const client = code.includes('const client') ? undefined : await pool.connect()
    const scope = { ...outside, pg, pool, ...(client !== undefined && code.includes('client.') && { client }) }
    if (client !== undefined && !code.includes('client.')) client.release()
    await run(code, scope)
    if (client !== undefined && code.includes('client.')) client.release()
    expect(await stateOf(pool)).toBe(before)
    await pool.end()
  })
})

describe('the remedy through Kysely', () => {
  it.each(written('kysely'))('of $id runs with values from outside and leaves nothing', async ({ code }) => {
    const guard = createGuard({ mode: 'strict' })
    const pool = guardedPool(guard)
    const before = await stateOf(pool)
    const db = new Kysely<unknown>({ dialect: guardDialect(new PostgresDialect({ pool, cursor: Cursor }), guard) })
    await run(code, { ...outside, ...functions.kysely, sql, db, console: { log() {} } })
    expect(await stateOf(pool)).toBe(before)
    await db.destroy()
  })
})

describe('the remedy through Prisma', () => {
  it.each(written('prisma').filter(({ code }) => code.includes('prisma.')))(
    'of $id runs with values from outside and leaves nothing',
    async ({ code }) => {
      const guard = createGuard({ mode: 'strict' })
      const pool = guardedPool(guard)
      const before = await stateOf(pool)
      const prisma = new PrismaClient({ adapter: guardAdapter(new PrismaPg(pool), guard) }).$extends(poolsafe(guard))
      await run(code, { ...outside, ...functions.prisma, prisma })
      expect(await stateOf(pool)).toBe(before)
      await prisma.$disconnect()
      await pool.end()
    },
  )
})

describe('what is not run', () => {
  it('is a rule that exists', () => {
    expect(Object.keys(unproved).filter((id) => !rules.some((rule) => rule.id === id))).toEqual([])
  })
})
