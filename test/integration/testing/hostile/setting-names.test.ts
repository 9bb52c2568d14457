import { startHostilePooler, type HostilePoolerServer } from '@poolsafe/testing/hostile'
import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'

// PostgreSQL lists settings that applications make up nowhere: the pooler has to ask for each by its name.

let postgres: PostgresServer
let pooler: HostilePoolerServer
let client: pg.Client

beforeAll(async () => {
  postgres = await startPostgres({ settings: { log_statement: 'all' } })
  pooler = await startHostilePooler({ target: postgres })
  client = new pg.Client(pooler.url)
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await pooler.stop()
  await postgres.stop()
})

test('a setting is found after any number of names that are none', async () => {
  const columns = Array.from({ length: 600 }, (_, at) => `column_${at}`)
  for (const from of ['one', 'two', 'three']) {
    const names = columns.map((column) => `${from}.${column}`)
    const made = columns.map((column) => `1 AS ${column}`).join(', ')
    await client.query(`SELECT ${names.join(', ')} FROM (SELECT ${made}) AS ${from}`)
    await client.query(`SELECT current_setting(name, true) FROM unnest('{${names.join(', ')}}'::text[]) AS name`)
  }
  await client.query('SELECT set_config($1, $2, false)', ['app.late', '7'])
  await client.query("SET /* late as well */ app.later = '7'")
  const reports = await pooler.reports()
  expect(reports.flatMap(({ states }) => states.map(({ object }) => object))).toEqual(['app.late', 'app.later'])
})

test('names in statements and parameters are not asked for', async () => {
  await client.query("SELECT $1::text, 'jane.roe@private.example.org'", ['john.doe@secret.example.org'])
  await client.query("SET app.asked = '7'")
  await pooler.reports()
  // A name that the pooler asks for is a separate literal.
  expect(postgres.log()).toContain("'app.asked'")
  expect(postgres.log()).not.toMatch(/'(?:secret|private)\.example\.org'/)
})
