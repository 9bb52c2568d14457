import { poolers, type PoolerProfile } from '@poolsafe/core'
import { startPostgres, type PgBouncerServer, type PoolMode, type PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { answer } from '../../../support/session/answer.ts'
import { observe, type Observed } from './observe.ts'
import { probes, seed, seedProbe, type Probe } from './probes.ts'
import { startPgBouncer } from '../../../support/servers/pgbouncer.ts'

/** The first version with `max_prepared_statements`. */
const tracksNamesFrom = 21

interface Setup {
  readonly name: string
  readonly mode: PoolMode
  readonly settings: Readonly<Record<string, string>>
  readonly profile: (version: string, serverVersion: number) => PoolerProfile
}

const setups: readonly Setup[] = [
  {
    name: 'PgBouncer',
    mode: 'transaction',
    settings: {},
    profile: (version, serverVersion) => poolers.pgbouncer({ version, serverVersion }),
  },
  {
    name: 'PgBouncer with server_reset_query_always',
    mode: 'transaction',
    settings: { server_reset_query_always: '1' },
    profile: (version, serverVersion) => poolers.pgbouncer({ version, serverVersion, serverResetQueryAlways: true }),
  },
  { name: 'PgBouncer in session mode', mode: 'session', settings: {}, profile: () => poolers.direct() },
]

let postgres: PostgresServer
let serverVersion: number
let firstNumber: unknown

beforeAll(async () => {
  postgres = await startPostgres()
  const admin = new pg.Client({ connectionString: postgres.url })
  await admin.connect()
  await admin.query('CREATE SEQUENCE drawn')
  serverVersion = Number(await answer(admin, "SELECT current_setting('server_version_num')::int / 10000"))
  await admin.query(seed)
  firstNumber = await answer(admin, 'SELECT random()')
  await admin.end()
})

afterAll(() => postgres.stop())

function expected({ carries, trackedSettings }: PoolerProfile, { state, setting }: Probe): Observed {
  const carried = setting !== undefined && trackedSettings.has(setting) ? 'tracked' : carries[state]
  if (carried === 'kept' || carried === 'tracked') return 'stays with its owner'
  return carried as Observed
}

/** In session mode each client has its own server connection; in transaction mode all share one. */
async function start({ mode, settings }: Setup, more: Readonly<Record<string, string>> = {}): Promise<PgBouncerServer> {
  const defaultPoolSize = mode === 'session' ? 2 : 1
  return startPgBouncer({ target: postgres, poolMode: mode, defaultPoolSize, settings: { ...settings, ...more } })
}

describe.each(setups)('behind $name', (setup) => {
  test.each([
    ...probes.map((probe) => [probe.setting ?? probe.state, probe] as const),
    ['random-seed', undefined] as const,
  ])('a second client sees what the profile says of %s', async (_name, given) => {
    const probe = given ?? seedProbe(firstNumber)
    const pooler = await start(setup)
    try {
      expect(await observe(pooler.url, probe)).toBe(expected(setup.profile(pooler.version, serverVersion), probe))
    } finally {
      await pooler.stop()
    }
  })
})

describe('names of statements', () => {
  test.each(['0', '100'])('are tracked as max_prepared_statements says, where it exists: %s', async (size) => {
    const [setup] = setups as [Setup]
    const pooler = await start(setup)
    const isKnown = Number(pooler.version.split('.')[1]) >= tracksNamesFrom
    await pooler.stop()
    const sized = await start(setup, isKnown ? { max_prepared_statements: size } : {})
    const profile = poolers.pgbouncer({ version: sized.version, maxPreparedStatements: Number(size) })
    const probe = probes.find(({ state }) => state === 'named-statement') as Probe
    try {
      expect(await observe(sized.url, probe)).toBe(expected(profile, probe))
    } finally {
      await sized.stop()
    }
  })
})
