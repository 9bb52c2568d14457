import { createGuard, type GuardOptions } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import { Kysely, PostgresDialect, sql } from 'kysely'
import { inspect } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { until } from './setup.ts'

/** Planted wherever a value can be. Each stands for itself, so that what gets out is known by its name. */
const secrets = [
  'inLiteral',
  'inEscapeLiteral',
  'inDollarQuotes',
  'inComment',
  'inLineComment',
  'inParameter',
  'inArray',
  'inDetail',
  'inSetting',
  'inBlock',
  'inMultiple',
  'inKysely',
  'inFilter',
  'inPassword',
] as const

/** A number of a statement; its digits may be among those of a duration or a port. */
const secretNumber = /(?<![\d.])4711(?!\.?\d)/

const statements: readonly (readonly [string, unknown[]?])[] = [
  ["SELECT 'inLiteral', pg_sleep(0.01)"],
  ["SELECT E'inEscapeLiteral', pg_sleep(0.01)"],
  ['SELECT $a$inDollarQuotes$a$, pg_sleep(0.01)'],
  ['SELECT /* inComment */ pg_sleep(0.01) -- inLineComment'],
  ['SELECT $1::text, $2::text[], pg_sleep(0.01)', ['inParameter', ['inArray']]],
  ['SELECT pg_sleep(0.01), 4711'],
  ["INSERT INTO vault VALUES ('inDetail', 1)"],
  ["INSERT INTO vault VALUES ('inDetail', 2)"],
  ["SELECT 'inLiteral'::int"],
  ["SET LOCAL app.token = 'inSetting'"],
  ["DO $$ BEGIN PERFORM 'inBlock'; END $$"],
  ["SELECT 'inMultiple'; SELECT 'inMultiple', pg_sleep(0.01)"],
  ["SELECT 'inLiteral"],
]

/** Its plan has conditions. */
const planned =
  "SELECT pg_sleep(0.01) FROM vault WHERE owner <> 'inFilter' AND pin <> 4711 ORDER BY owner || 'inLiteral'"

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres()
  const client = new pg.Client(server.url)
  await client.connect()
  await client.query("CREATE ROLE keeper LOGIN PASSWORD 'inPassword'")
  await client.query('CREATE TABLE vault (owner text PRIMARY KEY, pin int)')
  await client.query("INSERT INTO vault VALUES ('inFilter', 1)")
  await client.query('GRANT ALL ON vault TO keeper')
  await client.end()
})
afterAll(async () => {
  await server.stop()
})

/** All that a guard says. */
interface Heard {
  readonly said: unknown[]
  readonly options: GuardOptions
}

function hear(): Heard {
  const said: unknown[] = []
  const note = (...args: unknown[]): void => void said.push(args)
  const logger = { debug: note, info: note, warn: note, error: note }
  // Every statement counts as slow and has its own line.
  const observe = { slowQueryMillis: 0.001, slowQueryIntervalMillis: 0.001, explainSlowQueries: true }
  return { said, options: { logger, observe } }
}

function expectNoSecret(said: readonly unknown[]): void {
  // Whole, with what is not enumerable, as a logger or a debugger would show it.
  const shown = inspect(said, {
    depth: Infinity,
    showHidden: true,
    maxArrayLength: Infinity,
    maxStringLength: Infinity,
  })
  for (const secret of secrets) expect(shown).not.toContain(secret)
  expect(shown).not.toMatch(secretNumber)
}

it('no literal, comment, parameter, password or detail of an error is in any line, field, event, statistic or plan', async () => {
  const { said, options } = hear()
  const guard = createGuard(options)
  for (const name of ['query', 'slowQuery', 'finding', 'fault'] as const)
    guard.on(name, (event) => void said.push([name, event]))
  const url = new URL(server.url)
  url.username = 'keeper'
  url.password = 'inPassword'
  const pool = guardPool(new pg.Pool({ connectionString: url.href, max: 2 }), guard)
  const isTold = (mark: string): boolean => inspect(said, { depth: Infinity, maxArrayLength: Infinity }).includes(mark)
  await pool.query(planned)
  await until(() => expect(isTold('Seq Scan on vault')).toBe(true))
  let failures = 0
  for (const [text, values] of statements) await pool.query(text, values).catch(() => failures++)
  await sendByKysely(pool, guard)
  // A statement is reported once its plan has arrived or failed.
  await until(() =>
    expect(said.filter((each) => (each as unknown[])[0] === 'slowQuery')).toHaveLength(guard.stats().slowQueries),
  )
  await pool.end()
  expect(failures).toBe(3)
  said.push(guard.stats())
  expect(said.length).toBeGreaterThan(2 * statements.length)
  expectNoSecret(said)
})

async function sendByKysely(pool: pg.Pool, guard: ReturnType<typeof createGuard>): Promise<void> {
  const db = new Kysely<{ vault: { owner: string; pin: number } }>({
    dialect: guardDialect(new PostgresDialect({ pool }), guard),
  })
  await db.selectFrom('vault').select('pin').where('owner', '=', 'inKysely').execute()
  await sql`SELECT ${'inKysely'}::text, 'inLiteral', pg_sleep(0.01)`.execute(db)
}

it('the rows of a terminal hold none either', async () => {
  const written: string[] = []
  const { warn, error } = console
  const note = (text: string): void => void written.push(text)
  Object.assign(console, { warn: note, error: note })
  try {
    const guard = createGuard({ observe: { slowQueryMillis: 0.001, explainSlowQueries: true } })
    let told = 0
    guard.on('slowQuery', () => void told++)
    const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 2 }), guard)
    await pool.query(planned)
    await until(() => expect(written.join()).toContain('Seq Scan on vault'))
    for (const [text, values] of statements) await pool.query(text, values).catch(() => {})
    await until(() => expect(told).toBe(guard.stats().slowQueries))
    expect(told).toBeGreaterThan(statements.length)
    await pool.end()
  } finally {
    Object.assign(console, { warn, error })
  }
  expectNoSecret(written)
})
