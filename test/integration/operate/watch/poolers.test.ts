import { dedicatedConnection } from '@poolsafe/pg'
import { type PgBouncerServer, type PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { startTestPostgres } from '../../../support/servers/postgres-versions.ts'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startPgBouncer } from '../../../support/servers/pgbouncer.ts'
import { closedOf, roles, Stage, until } from './stage.ts'

let server: PostgresServer
let pooler: PgBouncerServer
let stage: Stage
beforeAll(async () => {
  server = await startTestPostgres({ settings: { max_connections: '20' } })
  const owner = new pg.Client(server.url)
  await owner.connect()
  await owner.query(roles)
  await owner.end()
  const users = { shop: 'word', other: 'word', watcher: 'word' }
  const settings = { max_client_conn: '20', admin_users: `${server.user}, watcher` }
  pooler = await startPgBouncer({ target: server, users, defaultPoolSize: 4, settings })
  stage = new Stage(server.url)
})
afterEach(() => stage.clear())
afterAll(async () => {
  await pooler.stop()
  await server.stop()
})

const console = (): ReturnType<typeof dedicatedConnection> => {
  const url = new URL(pooler.urlFor('watcher', 'word'))
  url.pathname = '/pgbouncer'
  return dedicatedConnection(new pg.Client({ connectionString: url.href }))
}

/** KILL_CLIENT is there from 1.24 on. */
function closesClients(): boolean {
  const [major = 0, minor = 0] = pooler.version.split('.').map(Number)
  return major * 100 + minor >= 124
}

describe('a watch behind PgBouncer', () => {
  it('refuses the URL of a pooler', async () => {
    const refused = stage.watch({}, pooler.urlFor('watcher', 'word'))
    await expect(refused).rejects.toThrow('the connection of the watch goes through a pooler')
  })

  it('closes the pooler’s clients by its console, or says that this version cannot', async () => {
    const url = pooler.urlFor('shop', 'word')
    const clients = await Promise.all(Array.from({ length: 9 }, () => stage.connect('shop-api', 'shop', url)))
    const other = await stage.connect('billing', 'other', pooler.urlFor('other', 'word'))
    const busy = await stage.connect('shop-busy', 'shop', url)
    await busy.client.query('BEGIN')
    const started = stage.watch({ console }, pooler.urlFor('watcher', 'word'))
    if (!closesClients()) return expect(started).rejects.toThrow('its console has KILL_CLIENT from version 1.24 on')
    const { watch, events } = await started
    // 11 clients, the watch and its console are 13 of 20; the limit is 10.
    await until(() => watch.stats().closed['shop-*'] === 3)
    expect(clients.filter(({ errors }) => errors.length > 0)).toHaveLength(3)
    await busy.client.query('COMMIT')
    await other.client.query('SELECT 1')
    expect(closedOf(events)).toHaveLength(3)
  })
})

describe('a watch beside PgBouncer, on PostgreSQL itself', () => {
  it('spares the server connections of the pooler that its console names', async () => {
    const { client } = await stage.connect('shop-api', 'shop', pooler.urlFor('shop', 'word'))
    const direct = await stage.connect('shop-api')
    const { watch, events } = await stage.watch({ console, aboveShare: 0.01 })
    await until(() => watch.stats().closed['shop-*'] === 1 && watch.stats().stuck > 1)
    expect(closedOf(events)).toEqual([direct.pid])
    await client.query('SELECT 1')
  })

  it('closes them if it is asked to, which the clients of the pooler do not notice', async () => {
    const { client } = await stage.connect('shop-api', 'shop', pooler.urlFor('shop', 'word'))
    const { watch } = await stage.watch({ console, aboveShare: 0.01, closesPoolerConnections: true })
    await until(() => (watch.stats().closed['shop-*'] ?? 0) > 0)
    await client.query('SELECT 1')
  })
})
