import { createGuard, InvalidOptionError } from '@poolsafe/core'
import {
  startPooler,
  startPostgres,
  type PoolerKind,
  type PoolerServer,
  type PostgresServer,
} from '@poolsafe/testing/servers'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, canConnect, pidsOf, withClients } from './ask.ts'

const guest = { user: 'guest', password: 'p@ss/word: "1"' }
const kinds: readonly (PoolerKind | undefined)[] = ['pgbouncer', 'hostile', undefined]

let postgres: PostgresServer

beforeAll(async () => {
  postgres = await startPostgres()
  await ask(postgres.url, `CREATE ROLE guest LOGIN PASSWORD ${pg.escapeLiteral(guest.password)}`)
})

afterAll(async () => {
  await postgres?.stop()
})

describe.each(kinds)('startPooler of the kind %s', (kind) => {
  let pooler: PoolerServer

  beforeAll(async () => {
    pooler = await startPooler({
      target: postgres,
      users: { [guest.user]: guest.password },
      ...(kind !== undefined && { kind }),
    })
  })

  afterAll(async () => {
    await pooler?.stop()
  })

  it('says which pooler it is', () => {
    const name = { pgbouncer: /^PgBouncer \d+\.\d+/, hostile: /^hostile pooler$/ }
    expect(pooler.name).toMatch(name[pooler.kind])
    expect(pooler.kind).toBe(kind ?? pooler.kind)
  })

  it('is PgBouncer where an image of it is named', () => {
    if (kind === undefined && process.env.POOLSAFE_PGBOUNCER_IMAGE !== undefined) expect(pooler.kind).toBe('pgbouncer')
  })

  it('answers a query of each user as that user', async () => {
    expect(await ask(pooler.url, 'SELECT session_user AS name')).toEqual([{ name: postgres.user }])
    expect(await ask(pooler.urlFor(guest.user, guest.password), 'SELECT session_user AS name')).toEqual([
      { name: guest.user },
    ])
  })

  it('carries a transaction on one server connection', async () => {
    await withClients(pooler.url, 1, async ([client]) => {
      await client!.query('BEGIN')
      const pids = await pidsOf([client!, client!])
      await client!.query('COMMIT')
      expect(new Set(pids).size).toBe(1)
    })
  })

  it('has a profile that judges as transaction pooling demands', () => {
    const guard = createGuard({ pooler: pooler.profile })
    expect(guard.inspect('SELECT pg_advisory_lock(1)').findings.map(({ rule }) => rule)).toEqual([
      'session/advisory-lock',
    ])
    expect(guard.inspect('SELECT 1').findings).toEqual([])
  })

  it('frees its port when it stops', async () => {
    const other = await startPooler({ target: postgres, kind: pooler.kind })
    expect(await canConnect(other)).toBe(true)
    await other.stop()
    expect(await canConnect(other)).toBe(false)
  })
})

describe('startPooler', () => {
  it('gives PgBouncer the profile of its version and its settings', async () => {
    const settings = { ignore_startup_parameters: 'extra_float_digits, options' }
    const pooler = await startPooler({ target: postgres, kind: 'pgbouncer', pgbouncer: { settings } })
    await pooler.stop()
    const [major, minor] = pooler.name.replace('PgBouncer ', '').split('.')
    expect(pooler.profile.label).toContain(`PgBouncer ${major}.${minor}`)
    expect(pooler.profile.claims).toMatchObject({ server: `PostgreSQL ${postgres.version.split('.')[0]}` })
    expect(pooler.profile.startup).toMatchObject({ extra_float_digits: 'ignored' })
  })

  it('hands its options on: to PgBouncer, and to the hostile pooler', async () => {
    const wrong = { serverRoundRobin: 1 as unknown as boolean }
    await expect(startPooler({ target: postgres, kind: 'pgbouncer', pgbouncer: wrong })).rejects.toThrow(
      InvalidOptionError,
    )
    await expect(startPooler({ target: postgres, kind: 'hostile', hostile: { sessions: 1 } })).rejects.toThrow(
      InvalidOptionError,
    )
  })

  it('refuses a kind that it does not have', async () => {
    await expect(startPooler({ target: postgres, kind: 'pgcat' as PoolerKind })).rejects.toThrow(
      "'pgbouncer' or 'hostile'",
    )
  })

  it('puts nothing in the place of a PgBouncer that does not start', async () => {
    await expect(startPooler({ target: postgres, pgbouncer: { settings: { pool_mode: 'none' } } })).rejects.toThrow(
      'pool_mode',
    )
  })
})
