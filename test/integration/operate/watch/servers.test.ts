import { dedicatedConnection, guardClient } from '@poolsafe/pg'
import { watchConnections, type WatchConnection } from '@poolsafe/operate'
import type { PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { startTestPostgres } from '../../../support/servers/postgres-versions.ts'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { openSideWithin } from '../../../../packages/operate/src/watch/open-side.ts'
import { resolveWatch } from '../../../../packages/operate/src/watch/options.ts'
import { startStandby, type Standby } from '../../../support/servers/standby.ts'
import { closedOf, roles, Stage, until } from './stage.ts'

let server: PostgresServer
let standby: Standby
let stage: Stage
let onStandby: Stage
beforeAll(async () => {
  server = await startTestPostgres({ settings: { max_connections: '20' } })
  const owner = new pg.Client(server.url)
  await owner.connect()
  await owner.query(`${roles}; CREATE ROLE "it's ""me""\n%s" LOGIN PASSWORD 'word'`)
  await owner.end()
  standby = await startStandby(server, false)
  stage = new Stage(server.url)
  onStandby = new Stage(standby.url)
})
afterEach(async () => {
  await stage.clear()
  await onStandby.clear()
})
afterAll(async () => {
  await standby.stop()
  await server.stop()
})

describe('watchConnections', () => {
  it('works on a standby, which only reads', async () => {
    await onStandby.connectMany(10, 'shop-api')
    const { watch, events } = await onStandby.watch()
    await until(() => watch.stats().used === 8)
    expect(events[0]?.message).toMatch(/^watching a standby of PostgreSQL \d+, database postgres, as watcher$/)
  })

  it('counts no walsender, and closes none', async () => {
    const { client } = await stage.connect('look', 'boss')
    const { rows } = await client.query('SELECT application_name FROM pg_stat_replication')
    const { watch, events } = await stage.watch(
      { applications: ['look*', 'standby'], roles: ['boss'] },
      stage.urlFor('boss'),
    )
    await until(() => watch.stats().looks > 2)
    expect(rows).toEqual([{ application_name: 'standby' }])
    expect(watch.stats().used).toBe(2)
    expect(closedOf(events)).toEqual([])
  })

  it('has one line for an event, whatever a role is called', async () => {
    const name = 'it\'s "me"\n%s'
    await stage.connectMany(10, "shop-'%s' \\", name)
    const { watch, events } = await stage.watch({ applications: ["shop-'%s' \\"], roles: [name] })
    await until(() => Object.values(watch.stats().closed)[0] === 3)
    expect(closedOf(events)).toHaveLength(3)
    for (const { message } of events) expect(message).not.toContain('\n')
    expect(events.find(({ kind }) => kind === 'closed')?.message).toContain(String.raw`(role it's "me"\u{a}%s,`)
  })

  it('may run over a client that a guard watches in strict mode', async () => {
    await stage.connectMany(10, 'shop-api')
    const connect = async (): ReturnType<typeof dedicatedConnection> =>
      dedicatedConnection(guardClient(new pg.Client({ connectionString: stage.urlFor('watcher') }), { mode: 'strict' }))
    await using watch = await watchConnections({
      connect,
      applications: ['shop-*'],
      apply: true,
      intervalMillis: 100,
      idleMillis: 100,
      aboveShare: 0.5,
    })
    await until(() => watch.stats().closed['shop-*'] === 3)
  })

  it('waits for a server that dies, and goes on with the next one', async () => {
    const dying = await startTestPostgres({ settings: { max_connections: '20' } })
    const own = new Stage(dying.url)
    const owner = await own.connect('owner', 'postgres', dying.url)
    await owner.client.query(roles)
    const { watch, events } = await own.watch()
    await until(() => watch.stats().looks > 0)
    await owner.client.end()
    await dying.stop()
    await until(() => watch.stats().lost > 1)
    expect(watch.stats().isConnected).toBe(false)
    expect(events.at(-1)?.message).toMatch(/^no answer from the server \(next try in \d+ s\): .*ECONNREFUSED/)
    await watch.stop()
    await own.clear()
  })

  it('does not begin where it cannot connect', async () => {
    await expect(stage.watch({}, 'postgresql://nobody:word@127.0.0.1:1/x')).rejects.toThrow('ECONNREFUSED')
    await expect(stage.watch({}, stage.urlFor('nobody'))).rejects.toThrow('password authentication failed')
  })

  it('closes a connection that arrives too late', async () => {
    const arrival = Promise.withResolvers<void>()
    let isClosed = false
    const connect = async (): Promise<WatchConnection> => {
      await arrival.promise
      const { ask, processId, close } = await dedicatedConnection(new pg.Client(stage.urlFor('watcher')))
      return { ask, processId, close: async () => close().then(() => (isClosed = true)) }
    }
    const options = resolveWatch({ connect, applications: ['shop-*'] })
    await expect(openSideWithin(10, options)).rejects.toThrow('no answer within 0.01 s')
    arrival.resolve()
    await until(() => isClosed)
  })
})
