import { classifyFailure } from '@poolsafe/core'
import { startPostgres, type PgBouncerServer, type PostgresServer } from '@poolsafe/testing/servers'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { answering } from './answering.ts'
import { quoted } from './quoted-refusals.ts'
import { startPgBouncer } from '../support/servers/pgbouncer.ts'

const run = promisify(execFile)

/** The errors of connecting and of a statement; `undefined` if neither fails. */
async function failureAt(config: pg.ClientConfig, sql = 'SELECT 1'): Promise<unknown> {
  const client = new pg.Client(config)
  let heard: unknown
  client.on('error', (error) => (heard ??= error))
  const error = await client
    .connect()
    .then(() => client.query(sql))
    .then(
      () => undefined,
      (reason: unknown) => reason,
    )
  await client.end().catch(() => {})
  return heard ?? error
}

describe('a server with TLS of its own making', () => {
  let server: PostgresServer
  let admin: pg.Client
  let folder: string
  let certificate: string

  /** Writes a file that only the server's user may read. */
  async function write(path: string, text: string): Promise<void> {
    const lines = text.trimEnd().split('\n')
    await admin.query(
      `COPY (SELECT unnest(ARRAY[${lines.map((line) => admin.escapeLiteral(line)).join(',')}])) TO PROGRAM 'umask 077; cat > ${path}'`,
    )
  }

  beforeAll(async () => {
    server = await startPostgres()
    admin = new pg.Client({ connectionString: server.url })
    await admin.connect()
    folder = await mkdtemp(join(tmpdir(), 'poolsafe-tls-'))
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
    await run('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      key,
      '-out',
      cert,
      '-days',
      '2',
      '-subj',
      '/CN=db.example',
    ])
    certificate = await readFile(cert, 'utf8')
    const { rows } = await admin.query<{ data: string }>("SELECT current_setting('data_directory') AS data")
    const data = rows[0]?.data ?? ''
    await write(`${data}/server.key`, await readFile(key, 'utf8'))
    await write(`${data}/server.crt`, certificate)
    await write(`${data}/pg_hba.conf`, 'host all postgres all scram-sha-256\nhostssl all all all scram-sha-256')
    await admin.query('ALTER SYSTEM SET ssl = on')
    await admin.query("CREATE ROLE rds LOGIN PASSWORD 'rds'")
    await admin.query("CREATE ROLE reader LOGIN PASSWORD 'reader'")
    await admin.query('ALTER ROLE reader SET default_transaction_read_only = on')
    await admin.query("CREATE ROLE idler LOGIN PASSWORD 'idler'")
    await admin.query("ALTER ROLE idler SET idle_session_timeout = '20ms'")
    await admin.query("ALTER ROLE idler SET idle_in_transaction_session_timeout = '20ms'")
    await admin.query('SELECT pg_reload_conf()')
    // The reload is done in a later moment.
    while ((await withTls({ rejectUnauthorized: false }).catch((error: unknown) => error)) !== undefined);
  })
  afterAll(async () => {
    await admin.end()
    await server.stop()
    await rm(folder, { recursive: true })
  })

  function login(user: string, ssl: pg.ClientConfig['ssl'] = false): pg.ClientConfig {
    return { host: '127.0.0.1', port: server.port, database: 'postgres', user, password: user, ssl }
  }

  async function withTls(ssl: pg.ClientConfig['ssl']): Promise<void> {
    const client = new pg.Client(login('postgres', ssl))
    client.on('error', () => {})
    await client.connect()
    await client.end()
  }

  it('that takes no login without TLS says that TLS is missing, and not that the password is wrong', async () => {
    const error = await failureAt(login('rds'))
    expect(error).toMatchObject({ code: '28000', message: expect.stringContaining('no encryption') as unknown })
    const failure = classifyFailure(error)
    expect(failure).toMatchObject({ kind: 'tlsRequired', isTransient: false })
    expect(failure?.why).toContain('TLS is missing')
    expect(`${failure?.why} ${failure?.instead}`).not.toMatch(/password|pooler/)
    expect(await failureAt(login('rds', { rejectUnauthorized: false }))).toBeUndefined()
  })

  it('with an unknown certificate, or one for another host name, is reported as that', async () => {
    const unknown = await failureAt(login('rds', { rejectUnauthorized: true }))
    expect(unknown).toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' })
    expect(classifyFailure(unknown)).toMatchObject({
      kind: 'certificate',
      why: expect.stringContaining('does not trust') as unknown,
    })
    const other = await failureAt(login('rds', { ca: certificate, servername: 'other.example' }))
    expect(other).toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' })
    expect(classifyFailure(other)).toMatchObject({
      kind: 'certificate',
      why: expect.stringContaining('another host name') as unknown,
    })
    expect(await failureAt(login('rds', { ca: certificate, servername: 'db.example' }))).toBeUndefined()
  })

  it('that is read-only, or that ends idle sessions, is reported as that', async () => {
    const refused = await failureAt(login('reader', { rejectUnauthorized: false }), 'CREATE TABLE t ()')
    expect(refused).toMatchObject({ code: '25006' })
    expect(classifyFailure(refused)).toMatchObject({ kind: 'readOnly', isTransient: true })
    for (const [code, sql] of [
      ['57P05', 'SELECT 1'],
      ['25P03', 'BEGIN'],
    ] as const) {
      const client = new pg.Client(login('idler', { rejectUnauthorized: false }))
      const ended = new Promise((resolve) => client.on('error', resolve))
      await client.connect()
      // On a busy machine the session ends before the answer is read.
      const error = await client.query(sql).then(
        () => ended,
        (reason: unknown) => reason,
      )
      expect(error).toMatchObject({ code })
      expect(classifyFailure(error)).toMatchObject({ kind: 'sessionTimeout', isTransient: true })
    }
  })

  it('says of a password that is not there that it is missing', async () => {
    const error = await failureAt({ ...login('rds', { rejectUnauthorized: false }), password: '' })
    expect(classifyFailure(error)).toMatchObject({ kind: 'authentication' })
    expect(classifyFailure(error)?.instead).not.toContain('auth_file')
  })
})

describe('PgBouncer', () => {
  it('without a server behind it, without TLS and with TLS: each failure is classified', async () => {
    const server = await startPostgres()
    const pooler: PgBouncerServer = await startPgBouncer({
      target: server,
      settings: { server_login_retry: '1', query_wait_timeout: '2' },
    })
    try {
      expect(classifyFailure(await failureAt({ connectionString: pooler.url, ssl: true }))).toMatchObject({
        kind: 'tlsUnsupported',
      })
      await server.stop()
      const error = await failureAt({ connectionString: pooler.url })
      expect(classifyFailure(error), String(error)).toMatchObject({
        kind: expect.stringMatching(/^(?:poolerCannotConnect|poolerBusy)$/) as unknown,
      })
    } finally {
      await pooler.stop()
      await server.stop()
    }
  })
})

describe('the texts of services', () => {
  it.each(quoted)('%s %s', async (code, text, kind, isTransient) => {
    const error = await answering({ code, text }, (url) => failureAt({ connectionString: url }))
    expect(error).toMatchObject({ code, message: text })
    expect(classifyFailure(error)).toMatchObject({ kind, isTransient })
  })

  it('are known inside what an ORM wraps', () => {
    const wrapped = {
      name: 'DriverAdapterError',
      cause: { originalCode: 'XX000', originalMessage: 'Tenant or user not found' },
    }
    expect(classifyFailure(wrapped)).toMatchObject({ kind: 'authentication' })
    expect(classifyFailure({ code: 'P2010', meta: { driverAdapterError: wrapped } })).toMatchObject({
      kind: 'authentication',
    })
  })

  it('for a direct server do not mention a pooler', () => {
    for (const [code, message] of [
      ['28P01', 'password authentication failed for user "app"'],
      ['57P03', 'the database system is shutting down'],
      ['3D000', 'database "shop" does not exist'],
    ]) {
      const failure = classifyFailure({ code, message })
      expect(`${failure?.why} ${failure?.instead}`, message).not.toContain('pooler')
    }
  })
})

describe('the names of Node for what failed', () => {
  it('are not SQLSTATEs, and say what this machine lacks', () => {
    expect(classifyFailure({ code: 'EPIPE' })).toMatchObject({ kind: 'brokenConnection' })
    expect(classifyFailure({ code: 'EMFILE', syscall: 'connect' })).toMatchObject({
      kind: 'noLocalResource',
      isTransient: true,
    })
    expect(classifyFailure({ code: 'CERT_HAS_EXPIRED' })).toMatchObject({ kind: 'certificate' })
  })

  it('for a port at which something else listens are no advice to wait', async () => {
    const server = await startPostgres()
    try {
      // A plain socket, so that the test shows that the server lives.
      const socket = connect(server.port, '127.0.0.1')
      await new Promise((resolve) => socket.once('connect', resolve))
      socket.destroy()
      expect(classifyFailure(await failureAt({ connectionString: server.url, ssl: true }))).toMatchObject({
        kind: 'tlsUnsupported',
        isTransient: false,
      })
    } finally {
      await server.stop()
    }
  })
})
