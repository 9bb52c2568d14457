import { classifyFailure, type FailureKind } from '@poolsafe/core'
import { startPostgres, type PgBouncerServer, type PostgresServer } from '@poolsafe/testing/servers'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failureOf } from '../../../support/prisma/guarded.ts'
import { startPgBouncer } from '../../../support/servers/pgbouncer.ts'

let server: PostgresServer
let admin: pg.Client
beforeAll(async () => {
  server = await startPostgres()
  admin = new pg.Client({ connectionString: server.url })
  await admin.connect()
  await admin.query("CREATE ROLE nobody LOGIN PASSWORD 'nobody' CONNECTION LIMIT 0")
})
afterAll(async () => {
  await admin.end()
  await server.stop()
})

/** The errors of connecting and of a statement. */
async function failureAt(url: string, config: pg.ClientConfig = {}, sql = 'SELECT 1'): Promise<unknown> {
  const client = new pg.Client({ connectionString: url, ...config })
  client.on('error', () => {})
  return failureOf(async () => {
    await client.connect()
    await client.query(sql)
  }).finally(() => client.end().catch(() => {}))
}

/** pg reads it when a client is made. */
function failureWithCertificate(path: string): Promise<unknown> {
  const url = at(({ searchParams }) => searchParams.set('sslrootcert', join(import.meta.dirname, path)))
  return failureOf(() => Promise.resolve(new pg.Client({ connectionString: url })))
}

function at(change: (url: URL) => void): string {
  const url = new URL(server.url)
  change(url)
  return url.href
}

describe('errors of PostgreSQL and of the way to it', () => {
  const cases: readonly (readonly [FailureKind, isTransient: boolean, string, () => Promise<unknown>])[] = [
    ['authentication', false, 'a wrong password', () => failureAt(at((url) => (url.password = 'wrong')))],
    [
      'unknownDatabase',
      false,
      'a database that does not exist',
      () => failureAt(at((url) => (url.pathname = '/nowhere'))),
    ],
    [
      'unknownHost',
      false,
      'a host that does not exist',
      () => failureAt('postgres://no-such-host.invalid/db').then(withoutResolver),
    ],
    [
      'tooManyClients',
      true,
      'too many clients',
      () => failureAt(at((url) => Object.assign(url, { username: 'nobody', password: 'nobody' }))),
    ],
    [
      'shuttingDown',
      true,
      'a backend that is ended',
      () => failureAt(server.url, {}, 'SELECT pg_terminate_backend(pg_backend_pid())'),
    ],
    ['unreachable', true, 'a port where nobody listens', async () => failureAt(at((url) => (url.port = '1')))],
    [
      'connectTimeout',
      true,
      'a server that says nothing',
      () => withSilentServer((url) => failureAt(url, { connectionTimeoutMillis: 50 })),
    ],
    ['unreadableFile', false, 'a certificate that is not there', () => failureWithCertificate('missing.pem')],
    ['unreadableFile', false, 'a folder in the place of a certificate', () => failureWithCertificate('.')],
    [
      'unreachable',
      true,
      'a socket that is not there',
      () => failureAt(at((url) => url.searchParams.set('host', '/nowhere'))),
    ],
    ['brokenConnection', true, 'a server that hangs up', () => withSilentServer((url) => failureAt(url), true)],
    [
      'noAnswer',
      false,
      'a statement without an answer',
      () => failureAt(server.url, { query_timeout: 50 }, 'SELECT pg_sleep(10)'),
    ],
  ]

  it.each(cases)('are %s, transient: %s: %s', async (kind, isTransient, _name, make) => {
    const failure = classifyFailure(await make())
    expect(failure).toMatchObject({ kind, isTransient })
    expect(failure?.why.length).toBeGreaterThan(10)
    expect(failure?.instead.length).toBeGreaterThan(10)
  })

  it('that are about a statement are none', async () => {
    expect(classifyFailure(await failureAt(server.url, {}, 'SELECT 1/0'))).toBeUndefined()
    expect(classifyFailure(new Error('no connection'))).toBeUndefined()
    expect(classifyFailure(undefined)).toBeUndefined()
  })

  it('are found inside the errors of others', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
    expect(classifyFailure(new Error('of an ORM', { cause: refused }))).toMatchObject({ kind: 'unreachable' })
    expect(classifyFailure(new AggregateError([refused]))).toMatchObject({ kind: 'unreachable' })
  })
})

describe('errors of PgBouncer', () => {
  async function use(
    settings: Readonly<Record<string, string>>,
    work: (pooler: PgBouncerServer) => Promise<unknown>,
  ): Promise<unknown> {
    const pooler = await startPgBouncer({ target: server, settings })
    try {
      return await work(pooler)
    } finally {
      await pooler.stop()
    }
  }

  it('from a full pooler are recognised by their text', async () => {
    const error = await use({ max_client_conn: '1' }, async ({ url }) => {
      const only = new pg.Client({ connectionString: url })
      // The one that asked the pooler for its version may just be leaving: then this one is refused as well.
      const early = await failureOrUndefined(() => only.connect())
      if (early !== undefined) return early
      return failureAt(url).finally(() => only.end())
    })
    expect(error).toMatchObject({ code: '08P01' })
    expect(classifyFailure(error)).toMatchObject({ kind: 'poolerFull', isTransient: true })
  })

  it('from a pooler without a free server are recognised by their text', async () => {
    const error = await use({ default_pool_size: '1', query_wait_timeout: '1' }, async ({ url }) => {
      const holder = new pg.Client({ connectionString: url })
      await holder.connect()
      await holder.query('BEGIN')
      return failureAt(url).finally(() => holder.end())
    })
    expect(classifyFailure(error)).toMatchObject({ kind: 'poolerBusy', isTransient: false })
  })

  it('about a startup parameter are recognised by their text', async () => {
    const error = await use({}, ({ url }) => failureAt(url, { statement_timeout: 1000 }))
    expect(classifyFailure(error)).toMatchObject({ kind: 'startupParameter', isTransient: false })
  })

  it('about a database that an administrator has disabled are recognised by their text', async () => {
    await use({}, async (pooler) => {
      const console = new pg.Client({ connectionString: pooler.adminUrl })
      await console.connect()
      await console.query(`DISABLE ${server.database}`)
      expect(classifyFailure(await failureAt(pooler.url))).toMatchObject({ kind: 'shuttingDown', isTransient: true })
      await console.query(`ENABLE ${server.database}`)
      await console.end()
    })
  })

  it('about names that the pooler does not know are recognised by their text', async () => {
    await use({}, async ({ url }) => {
      expect(classifyFailure(await failureAt(new URL('/nowhere', url).href))).toMatchObject({ kind: 'unknownDatabase' })
      expect(classifyFailure(await failureAt(url.replace(':postgres@', ':wrong@')))).toMatchObject({
        kind: 'authentication',
      })
    })
  })
})

async function failureOrUndefined(work: () => Promise<unknown>): Promise<unknown> {
  return work().then(
    () => undefined,
    (error: unknown) => error,
  )
}

/** If no name server answers, the error says so. */
function withoutResolver(error: unknown): unknown {
  return (error as { code?: string }).code === 'EAI_AGAIN'
    ? Object.assign(new Error('no such name'), { code: 'ENOTFOUND' })
    : error
}

async function withSilentServer<Result>(work: (url: string) => Promise<Result>, hangsUp = false): Promise<Result> {
  const silent = createServer((socket) => {
    socket.on('error', () => {})
    if (hangsUp) socket.once('data', () => socket.end())
  })
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  try {
    return await work(`postgres://u@127.0.0.1:${(silent.address() as AddressInfo).port}/db`)
  } finally {
    silent.close()
  }
}
