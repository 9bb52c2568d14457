import { createGuard, StatementTimeoutError } from '@poolsafe/core'
import { guardClient } from '@poolsafe/pg'
import { startPostgres, type PgBouncerServer, type PostgresServer } from '@poolsafe/testing/servers'
import { execFile } from 'node:child_process'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPgBouncer } from '../../support/servers/pgbouncer.ts'

const limits = { statementTimeoutMillis: 1000 }
const forEver = 'SELECT pg_sleep(3600)'
const pollMillis = 5
const marks = 100

let server: PostgresServer
beforeAll(async () => {
  server = await startPostgres({ settings: { log_statement: 'all' } })
})
afterAll(() => server.stop())

/**
 * A way to the server on which the first connection is the client's, and every later one brings a CancelRequest and
 * stays open.
 */
class SlowWay {
  readonly #sockets: Socket[] = []
  readonly #cancelling: Socket[] = []
  readonly #server: Server = createServer({ allowHalfOpen: true }, (near) => this.#pass(near))

  async open(port: number): Promise<string> {
    this.#target = port
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    const url = new URL(server.url)
    url.port = String((this.#server.address() as AddressInfo).port)
    return url.href
  }

  #target = 0

  #pass(near: Socket): void {
    const far = connect(this.#target, '127.0.0.1')
    const isFirst = this.#sockets.length === 0
    this.#sockets.push(near, far)
    if (!isFirst) this.#cancelling.push(near)
    for (const socket of [near, far]) socket.on('error', () => {})
    near.pipe(far)
    far.pipe(near, { end: isFirst })
  }

  closeCancelling(): void {
    for (const socket of this.#cancelling) socket.end()
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => void this.#server.close(resolve))
  }
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(pollMillis)
}

it('until the request’s own socket is closed, nothing else is sent that it could hit', async () => {
  const way = new SlowWay()
  const client = guardClient(new pg.Client(await way.open(server.port)), createGuard(), limits)
  const other = new pg.Client(server.url)
  await client.connect()
  await other.connect()
  await expect(client.query(forEver)).rejects.toBeInstanceOf(StatementTimeoutError)
  const next = client.query("SELECT 'the next' AS statement")
  // Its way is longer than that of the marks, so that there are many.
  for (let mark = 1; mark <= marks; mark++) await other.query(`SELECT 'mark ${mark}'`)
  await until(() => server.log().includes(`'mark ${marks}'`))
  expect(server.log()).not.toContain('the next')
  way.closeCancelling()
  expect((await next).rows).toEqual([{ statement: 'the next' }])
  await client.end()
  await other.end()
  await way.close()
})

it('a cancel request that is not closed ends the connection, since it could cancel the next statement', async () => {
  const way = new SlowWay()
  const client = guardClient(new pg.Client(await way.open(server.port)), createGuard(), limits)
  await client.connect()
  await expect(client.query(forEver)).rejects.toBeInstanceOf(StatementTimeoutError)
  await expect(client.query('SELECT 1')).rejects.toThrow('its socket was not closed')
  await way.close()
})

describe('through TLS', () => {
  let pooler: PgBouncerServer
  let folder: string
  let ca: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'poolsafe-tls-'))
    await chmod(folder, 0o755)
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
    const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1'
    const made = [
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      key,
      '-out',
      certificate,
      '-days',
      '1',
      '-subj',
      '/CN=localhost',
    ]
    await promisify(execFile)('openssl', ['req', '-x509', ...made, '-addext', names]).catch((cause: unknown) => {
      throw new Error('this test needs openssl to make a certificate: install it (apt-get install openssl)', { cause })
    })
    for (const file of [key, certificate]) await chmod(file, 0o644)
    ca = await readFile(certificate, 'utf8')
    const settings = { client_tls_sslmode: 'allow', client_tls_key_file: key, client_tls_cert_file: certificate }
    pooler = await startPgBouncer({ target: server, settings })
  })
  afterAll(async () => {
    await pooler.stop()
    await rm(folder, { recursive: true })
  })

  it.each(['127.0.0.1', 'localhost'])('the request is secured as its client is, connected to %s', async (host) => {
    const url = new URL(pooler.url)
    url.hostname = host
    const client = guardClient(new pg.Client({ connectionString: url.href, ssl: { ca } }), createGuard(), limits)
    client.on('error', () => {})
    await client.connect()
    const failed = client.query(forEver)
    await expect(failed).rejects.toBeInstanceOf(StatementTimeoutError)
    await expect(failed).rejects.toMatchObject({ wasCancelled: true })
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
    await client.end()
  })
})
