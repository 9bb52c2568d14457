import { createGuard, poolers, type Guard } from '@poolsafe/core'
import * as ofKysely from '@poolsafe/kysely'
import * as ofPg from '@poolsafe/pg'
import * as ofPrisma from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { Migrator, type MigrationProvider } from 'kysely/migration'
import { stripTypeScriptTypes } from 'node:module'
import pg from 'pg'
import { PrismaClient } from '../generated/prisma7/client.ts'

// The application that the remedies of the rules are written for: its tables, its values and its functions.

/** Created in the database that each remedy gets a copy of. */
export const tables = `
  CREATE TABLE orders (id serial PRIMARY KEY, item text, org_id int, customer_id int, total int NOT NULL DEFAULT 0, paid boolean NOT NULL DEFAULT false);
  CREATE TABLE counters (id serial PRIMARY KEY, value int NOT NULL DEFAULT 0);
  CREATE TABLE jobs (id int PRIMARY KEY, taken boolean NOT NULL DEFAULT false);
  CREATE TABLE leases (name text PRIMARY KEY, held_until timestamptz NOT NULL DEFAULT '-infinity');
  CREATE TABLE notes (item text);
  CREATE TABLE payments (order_id int);
  CREATE TABLE readings (value float8);
  CREATE TABLE users (id int);
  CREATE TABLE words (word text);
  CREATE ROLE app; CREATE ROLE reporting; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reporting;
  INSERT INTO orders (item) VALUES ('a'), ('b'); INSERT INTO counters DEFAULT VALUES; INSERT INTO jobs VALUES (1); INSERT INTO users VALUES (1);
  INSERT INTO leases VALUES ('report'); INSERT INTO words VALUES ('pool'); SELECT lo_from_bytea(16409, 'text');
  CREATE EXTENSION dblink; CREATE EXTENSION pg_trgm; CREATE EXTENSION postgres_fdw; CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw;
  SELECT pg_replication_origin_create('node_a')`

const provider: MigrationProvider = {
  getMigrations: async () => ({
    first: { up: (db) => db.schema.createTable('migrated').addColumn('id', 'integer').execute() },
  }),
}

/** Values from outside, with characters that would break a text that they were written into. */
const values = {
  tenant: "o'neill\\",
  orgId: '7',
  total: "7'",
  orderId: 1,
  userId: 1,
  lastId: 1,
  item: "it's a \\book",
  values: [1, 2],
  random: () => 0.5,
  copyDataFolder: async () => {},
  handle: () => {},
  report: async () => {},
  provider,
  console: { log() {} },
}

const addNote = 'INSERT INTO notes (item) VALUES ($1)'

/** Functions of the application, for each layer. They use the handle that they are given. */
const functions = {
  pg: {
    saveOrder: (client: pg.ClientBase) => client.query(addNote, [values.item]),
    saveAudit: (client: pg.ClientBase) => client.query(addNote, [values.tenant]),
  },
  kysely: {
    addPayment: (db: Kysely<unknown>, id: number) => sql`INSERT INTO payments (order_id) VALUES (${id})`.execute(db),
    saveOrder: (db: Kysely<unknown>) => sql`INSERT INTO notes (item) VALUES (${values.item})`.execute(db),
  },
  prisma: {
    addPayment: async (client: Pick<PrismaClient, '$executeRaw'>, id: number) =>
      await client.$executeRaw`INSERT INTO payments (order_id) VALUES (${id})`,
  },
}

/** The circumstances in which a remedy runs. */
export interface Place {
  readonly layer: keyof typeof functions
  readonly url: string
  /** The guard that a remedy uses if it makes none itself. */
  readonly guard: Guard
}

/** The names that a remedy imports. */
const libraries = {
  createGuard,
  poolers,
  guardPool: ofPg.guardPool,
  guardDialect: ofKysely.guardDialect,
  guardAdapter: ofPrisma.guardAdapter,
  Kysely,
  Migrator,
  PostgresDialect,
  PrismaClient,
  PrismaPg,
  sql,
}

/** The helpers, which have the same names in each package. */
const helpers = { pg: ofPg, kysely: ofKysely, prisma: ofPrisma }

/** Everything that a remedy may name, except the handle that it runs on. `close` ends what it opened. */
export function scopeAt({ layer, url, guard }: Place): { scope: Record<string, unknown>; close: () => Promise<void> } {
  const opened: (() => Promise<void>)[] = []
  class Client extends pg.Client {
    constructor(...given: ConstructorParameters<typeof pg.Client>) {
      super(...given)
      opened.push(() => this.end())
    }
  }
  const copyFrom = async (snapshot: string): Promise<void> => {
    const client = new Client(url)
    await client.connect()
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ')
    await client.query(`SET TRANSACTION SNAPSHOT ${client.escapeLiteral(snapshot)}`)
    await client.query('COMMIT')
  }
  const listen = async (...given: Parameters<typeof ofPg.listen>): Promise<ofPg.Listener> => {
    const listener = await ofPg.listen(...given)
    opened.push(() => listener.close())
    return listener
  }
  const scope = {
    ...values,
    ...functions[layer],
    ...helpers[layer],
    ...libraries,
    listen,
    guard,
    pg: { ...pg, Client },
    workers: [{ copyFrom }, { copyFrom }],
    connectionString: url,
    signal: new AbortController().signal,
    process: { env: { DIRECT_URL: url, DIRECT_DATABASE_URL: url } },
  }
  return { scope, close: async () => void (await Promise.all(opened.map((end) => end()))) }
}

/** The code that uses the pool, the database or the adapter of a remedy, and ends it. */
const uses: readonly (readonly [made: RegExp, use: string])[] = [
  [/^const db = /m, 'await sql`SELECT 1`.execute(db); await db.destroy()'],
  [/^const pool = /m, "await pool.query('SELECT 1'); await pool.end()"],
  [
    /^const adapter = /m,
    'const prisma = new PrismaClient({ adapter }); await prisma.$queryRaw`SELECT 1`; await prisma.$disconnect()',
  ],
]

const AsyncFunction = Object.getPrototypeOf(async () => {}).constructor as new (
  ...parts: string[]
) => (...given: unknown[]) => Promise<unknown>

/** Runs code as an application would hold it, with these names in scope, and uses what it makes. */
export async function run(code: string, scope: Readonly<Record<string, unknown>>): Promise<unknown> {
  const use = uses.find(([made]) => made.test(code))?.[1] ?? ''
  // In a function, `return` and `await` are where TypeScript expects them.
  const stripped = stripTypeScriptTypes(`async function remedy() {\n${code}\n${use}\n}`)
  return new AsyncFunction(...Object.keys(scope), `${stripped}\nreturn remedy()`)(...Object.values(scope))
}

/** The statements of a remedy in SQL, without their comments. A host that is only an example becomes this server. */
export function statementsOf(code: string, url: string): string[] {
  const { hostname, port, username, password, pathname } = new URL(url)
  const here = `host=${hostname} port=${port} user=${username} password=${password} dbname=${pathname.slice(1)}`
  return code
    .replaceAll(/--.*$/gm, '')
    .replace('host=reports dbname=reports', here)
    .split(/;\s*\n|;\s*$/)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== '')
}
