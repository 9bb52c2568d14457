import { createGuard } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

// An object without a schema is temporary if pg_temp is the first schema of the search path that exists.

let server: SharedPostgres

beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

const creations: readonly string[] = [
  'CREATE TABLE made (id int)',
  'CREATE TABLE made AS SELECT 1 AS id',
  'SELECT 1 AS id INTO made',
  'CREATE VIEW made AS SELECT 1 AS id',
  'CREATE SEQUENCE made',
  "CREATE TYPE made AS ENUM ('a')",
  'CREATE TYPE made AS (id int)',
  'CREATE TYPE made AS RANGE (subtype = int)',
  'CREATE DOMAIN made AS int',
  'CREATE FUNCTION made() RETURNS int LANGUAGE sql RETURN 1',
  'CREATE AGGREGATE made (int) (sfunc = int4pl, stype = int)',
  'DO $$ BEGIN CREATE TABLE made (id int); END $$',
  "DO $$ BEGIN EXECUTE 'CREATE TABLE made (id int)'; END $$",
]

/** Sends the statements in a transaction in strict mode. @returns what the guard refused, and what the server makes */
async function play(texts: readonly string[]): Promise<{ readonly refused: string[]; readonly isTemporary: boolean }> {
  const pool = new pg.Pool({ connectionString: server.url, max: 1 })
  const refused: string[] = []
  const guard = createGuard({ mode: 'strict', logger: { warn() {} } })
  guardPool(pool, guard)
  guard.on('finding', ({ findings }) => refused.push(...findings.map(({ rule }) => rule)))
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    for (const text of texts) await client.query(text)
  } catch {
    // The guard has refused it.
  }
  await client.query('ROLLBACK')
  client.release()
  await pool.end()
  return { refused, isTemporary: await makeTemporary(texts) }
}

/** @returns whether the statements make a temporary object on a connection without a guard */
async function makeTemporary(texts: readonly string[]): Promise<boolean> {
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  try {
    await client.query('BEGIN')
    for (const text of texts) await client.query(text)
    const { rows } = await client.query<{ made: boolean }>(
      "SELECT count(*) > 0 AS made FROM pg_depend WHERE refclassid = 'pg_namespace'::regclass AND refobjid = pg_my_temp_schema()",
    )
    return rows[0]?.made === true
  } finally {
    await client.query('ROLLBACK')
    await client.end()
  }
}

describe('with only pg_temp in the search path', () => {
  test.each(creations)('strict mode cannot judge %s', async (creation) => {
    const { refused, isTemporary } = await play(['SET LOCAL search_path = missing, pg_temp', creation])
    expect(isTemporary).toBe(true)
    // The scan takes a SELECT INTO of its own text for a SELECT.
    expect(refused).toEqual(creation.startsWith('SELECT') ? [] : ['statement/undecided'])
  })

  test.each([
    'SET LOCAL search_path = missing, pg_temp; SELECT 1 AS id INTO made',
    "SELECT set_config('search_path', 'missing, other, pg_temp', true); CREATE TABLE made (id int)",
    'DO $$ BEGIN SET LOCAL search_path = missing, pg_temp; CREATE TABLE made (id int); END $$',
  ])('strict mode cannot judge %s', async (text) => {
    expect(await play([text])).toEqual({ refused: ['statement/undecided'], isTemporary: true })
  })
})

describe('with a schema before pg_temp that each database has', () => {
  test.each(creations)('nothing is found in %s', async (creation) => {
    expect(await play(['SET LOCAL search_path = public, pg_temp', creation])).toEqual({
      refused: [],
      isTemporary: false,
    })
  })

  test.each([
    ['a query', ['SET LOCAL search_path = missing, pg_temp', 'SELECT 1']],
    [
      'a block that creates nothing',
      ['SET LOCAL search_path = missing, pg_temp', 'DO $$ DECLARE i int; BEGIN SELECT 1 INTO i; /* create */ END $$'],
    ],
    ['a name with its schema', ['SET LOCAL search_path = missing, pg_temp', 'CREATE TABLE public.made (id int)']],
    [
      'a table that ends with its transaction',
      ['SET LOCAL search_path = missing, pg_temp', 'CREATE TEMP TABLE made (id int) ON COMMIT DROP'],
    ],
  ])('nothing is found in %s', async (_what, texts) => {
    expect((await play(texts)).refused).toEqual([])
  })
})
