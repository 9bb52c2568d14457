import { audit, doctor, type Ask } from '@poolsafe/operate'
import { startPgBouncer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { expect, it } from 'vitest'
import { sharedPostgres } from '../../../support/servers/shared-postgres.ts'
import { probes } from '../../../support/session/snapshot.ts'

function askOf(client: pg.Client): Ask {
  return async (sql) => (await client.query<Record<string, unknown>>(sql)).rows
}

async function connected(url: string): Promise<pg.Client> {
  const client = new pg.Client(url)
  await client.connect()
  return client
}

it('an audit through PgBouncer sees what another client left, and neither it nor the doctor leaves anything', async () => {
  const server = await sharedPostgres()
  const owner = await connected(server.url)
  await owner.query(
    "CREATE FUNCTION tenant() RETURNS text LANGUAGE sql STABLE AS $$ SELECT current_setting('app.tenant', true) $$",
  )
  const pooler = await startPgBouncer({ target: server, defaultPoolSize: 1 })
  const stranger = await connected(pooler.url)
  await stranger.query("SET app.tenant = 'a-secret'")
  const client = await connected(pooler.url)
  const look = async (): Promise<unknown> => (await client.query(probes('app.tenant'))).rows
  const before = await look()
  const report = await audit({ ask: askOf(client) })
  await doctor({ connection: { ask: askOf(client) } })
  expect(await look()).toEqual(before)
  expect(report.customSettingsWithValue).toEqual(['app.tenant'])
  expect(JSON.stringify(report)).not.toContain('a-secret')
  for (const each of [client, stranger, owner]) await each.end()
  await pooler.stop()
  await server.stop()
})
