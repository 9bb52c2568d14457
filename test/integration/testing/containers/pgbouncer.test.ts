import { InvalidOptionError } from '@poolsafe/core'
import { startPgBouncer, startPostgres, type PgBouncerServer, type PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, canConnect, pidsOf, withClients } from './ask.ts'

let postgres: PostgresServer
let pooler: PgBouncerServer
const guest = { user: 'guest "of honour"', password: 'p@ss/word: "1"' }

beforeAll(async () => {
  postgres = await startPostgres()
  pooler = await startPgBouncer({ target: postgres, defaultPoolSize: 1, users: { [guest.user]: guest.password } })
})

afterAll(async () => {
  await pooler?.stop()
  await postgres?.stop()
})

describe('startPgBouncer', () => {
  it('answers a query', async () => {
    expect(await ask(pooler.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it('returns the version of the running server', async () => {
    const [row] = await ask<{ version: string }>(pooler.adminUrl, 'SHOW VERSION')
    expect(row?.version).toBe(`PgBouncer ${pooler.version}`)
  })

  it('comes from the image that the environment names', () => {
    const { POOLSAFE_PGBOUNCER_IMAGE: image } = process.env
    if (image === undefined) expect(['path', 'apt', 'docker']).toContain(pooler.source)
    else expect(pooler.source).toBe('docker')
  })

  it('pools by transaction: two clients share the one server connection', async () => {
    expect(new Set(await withClients(pooler.url, 2, pidsOf)).size).toBe(1)
  })

  it('keeps users apart: on the server each has its own session user', async () => {
    const role = pg.escapeIdentifier(guest.user)
    await ask(postgres.url, `CREATE ROLE ${role} LOGIN PASSWORD ${pg.escapeLiteral(guest.password)}`)
    const url = pooler.urlFor(guest.user, guest.password)
    expect(await ask(url, 'SELECT session_user AS name')).toEqual([{ name: guest.user }])
    expect(await ask(pooler.url, 'SELECT session_user AS name')).toEqual([{ name: postgres.user }])
  })

  it('refuses a wrong password', async () => {
    await expect(ask(pooler.urlFor(guest.user, 'wrong'), 'SELECT 1')).rejects.toThrow(/SASL|password/)
  })

  it('keeps a server connection for a client in session mode', async () => {
    const sessions = await startPgBouncer({ target: postgres, poolMode: 'session', defaultPoolSize: 2 })
    const pids = await withClients(sessions.url, 2, pidsOf)
    await sessions.stop()
    expect(new Set(pids).size).toBe(2)
  })

  it('hands the same server connection to a client that is alone, unless serverRoundRobin is on', async () => {
    const seen: number[] = []
    for (const serverRoundRobin of [false, true]) {
      const other = await startPgBouncer({ target: postgres, defaultPoolSize: 2, serverRoundRobin })
      seen.push(await connectionsOfOne(other.url))
      await other.stop()
    }
    expect(seen).toEqual([1, 2])
  })

  it('serves a PostgreSQL wherever that runs, and two poolers serve the same one', async () => {
    const other = await startPgBouncer({ target: postgres })
    const query = 'SELECT system_identifier::text AS id FROM pg_control_system()'
    const [there, here] = [await ask(other.url, query), await ask(pooler.url, query)]
    await other.stop()
    expect(there).toEqual(here)
    expect(await ask(postgres.url, query)).toEqual(here)
  })

  it('refuses options that it does not have', async () => {
    const wrong = { target: postgres, serverRoundRobin: 'yes' as unknown as boolean }
    await expect(startPgBouncer(wrong)).rejects.toThrow(InvalidOptionError)
    await expect(startPgBouncer({ target: postgres, image: '' })).rejects.toThrow(
      'startPgBouncer(): image must be the name of an image',
    )
  })

  it('frees its port when it stops', async () => {
    const other = await startPgBouncer({ target: postgres })
    expect(await canConnect(other)).toBe(true)
    await other.stop()
    expect(await canConnect(other)).toBe(false)
  })

  it('says what PgBouncer says when it does not start', async () => {
    await expect(startPgBouncer({ target: postgres, settings: { pool_mode: 'none' } })).rejects.toThrow('pool_mode')
  })
})

/** Two server connections are opened; then one client alone asks four times which it has. */
async function connectionsOfOne(url: string): Promise<number> {
  return withClients(url, 2, async ([first, second]) => {
    await first!.query('BEGIN')
    await second!.query('BEGIN')
    await first!.query('COMMIT')
    await second!.query('COMMIT')
    return new Set(await pidsOf([first!, first!, first!, first!])).size
  })
}
