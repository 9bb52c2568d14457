import { withRequestScope } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { range, watchRepeated } from '../../../support/repeated-watch.ts'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

const values = range(5)
let server: SharedPostgres
let pool: pg.Pool
const { guard, repeated } = watchRepeated({ repeatedQueryLimit: 4 })
beforeAll(async () => {
  server = await sharedPostgres()
  pool = guardPool(new pg.Pool({ connectionString: server.url }), guard)
  await pool.query('CREATE TABLE users (id int PRIMARY KEY, name text)')
  await pool.query('CREATE TABLE posts (id int PRIMARY KEY, author_id int, title text)')
})
afterAll(async () => {
  await pool.end()
  await server.stop()
})

/** Empties and fills the tables. */
async function fill(): Promise<void> {
  await pool.query('TRUNCATE users, posts')
  await pool.query("INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 9) n")
  await pool.query("INSERT INTO posts SELECT n, n % 7, 'post ' || n FROM generate_series(1, 40) n")
}

async function contents(): Promise<unknown[]> {
  const tables = await Promise.all([
    pool.query('SELECT * FROM users ORDER BY id'),
    pool.query('SELECT * FROM posts ORDER BY id'),
  ])
  return tables.map(({ rows }) => rows)
}

/** The reported statement, with the types of its arrays, which its text does not show. */
function told(types: readonly string[]): string {
  const [type, ...others] = types
  let text = (repeated.pop()?.instead ?? '').replace('one statement for all of them: ', '')
  for (const each of [type ?? '', ...others]) text = text.replace('::…[]', `::${each}[]`)
  return text
}

const asText = (row: object): string => JSON.stringify(row)

describe('the batched form in the report', () => {
  it.each([
    ['SELECT * FROM users WHERE id = $1', []],
    ['SELECT id, name FROM users WHERE id = $1 LIMIT 1', []],
    ['SELECT u.name, p.title FROM users u JOIN posts p ON p.author_id = u.id WHERE u.id = $1::int', []],
    ['SELECT author_id, count(*) FROM posts WHERE author_id = $1 GROUP BY author_id', ['int']],
    ['SELECT author_id, title FROM posts WHERE author_id = $1 ORDER BY id DESC LIMIT 2', ['int']],
  ])('gives the rows of all: %s', async (sql, types) => {
    await fill()
    const single = await withRequestScope(async () => {
      const all: object[] = []
      for (const value of values) all.push(...(await pool.query(sql, [value])).rows)
      return all
    })
    const batched = told(types)
    const parameters = batched.includes('LIMIT $2') ? [values, 2] : [values]
    const { rows } = await pool.query(batched, parameters)
    const columns = Object.keys(single[0] ?? {})
    const shown = rows.map((row) => Object.fromEntries(columns.map((column) => [column, row[column]])))
    expect(shown.map(asText).toSorted()).toEqual(single.map(asText).toSorted())
  })

  it.each([
    ['DELETE FROM posts WHERE author_id = $1', [], (value: number) => [value]],
    ['UPDATE users SET name = $1 WHERE id = $2', ['text', 'int'], (value: number) => [`name ${value}`, value]],
  ])('leaves the same: %s', async (sql, types, parametersOf) => {
    await fill()
    await withRequestScope(async () => {
      for (const value of values) await pool.query(sql, parametersOf(value))
    })
    const after = await contents()
    await fill()
    const columns = parametersOf(0).map((_, index) => values.map((value) => parametersOf(value)[index]))
    await pool.query(told(types), columns)
    expect(await contents()).toEqual(after)
  })
})
