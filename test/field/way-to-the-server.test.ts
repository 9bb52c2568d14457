import { classifyFailure } from '@poolsafe/core'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { TLSSocket, type TLSSocketOptions } from 'node:tls'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let folder: string
let identity: { readonly key: Buffer; readonly cert: Buffer }
const servers: Server[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'poolsafe-way-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const made = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=db.example']
  execFileSync('openssl', ['req', ...made, '-keyout', key, '-out', cert], { stdio: 'ignore' })
  identity = { key: await readFile(key), cert: await readFile(cert) }
})
afterAll(async () => {
  for (const server of servers) server.close()
  await rm(folder, { recursive: true })
})

/** Listens, and answers the first bytes of each client. */
async function answering(answer: (client: Socket) => void): Promise<number> {
  const server = createServer((client) => {
    client.on('error', () => {})
    client.once('data', () => answer(client))
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

/** Begins TLS, as a server does that accepts the request for it. */
function beginTls(client: Socket, options: TLSSocketOptions): void {
  client.write('S')
  new TLSSocket(client, { isServer: true, ...identity, ...options }).on('error', () => {}).resume()
}

async function failureAt(config: pg.ClientConfig): Promise<unknown> {
  const client = new pg.Client({ host: '127.0.0.1', user: 'u', password: 'p', database: 'd', ...config })
  client.on('error', () => {})
  const error = await client.connect().then(
    () => undefined,
    (reason: unknown) => reason,
  )
  // The end of a login that has failed may never be reported.
  client.end().catch(() => {})
  return error
}

/** The error of a socket, as Node makes it: https://github.com/stripe/sync-engine/issues/106 and others. */
function ofSocket(code: string, address: string): Error {
  return Object.assign(new Error(`connect ${code} ${address}:5432`), { code, syscall: 'connect', address, port: 5432 })
}

/** The error for all addresses of a name, with the code of the first one, and without a message. */
function ofAll(...errors: readonly Error[]): Error {
  return Object.assign(new AggregateError(errors), { code: (errors[0] as { code?: string }).code })
}

const ipv6 = '2600:1f1e:75b:4b01:317e:2906:b007:5fab'
const withoutIpv6: unknown = expect.objectContaining({ kind: 'unreachable', why: expect.stringContaining('IPv6') })

describe('the way to the server', () => {
  it.each(['ENETUNREACH', 'EHOSTUNREACH', 'EADDRNOTAVAIL'])(
    'over IPv6 that this machine lacks is told as that: %s',
    (code) => {
      expect(classifyFailure(ofSocket(code, ipv6))).toEqual(withoutIpv6)
      expect(classifyFailure(ofAll(ofSocket('ETIMEDOUT', ipv6), ofSocket(code, ipv6)))).toEqual(withoutIpv6)
      expect(classifyFailure(ofSocket(code, '10.0.0.1'))).not.toEqual(withoutIpv6)
    },
  )

  it.each([
    [ofAll(ofSocket('ENETUNREACH', ipv6), ofSocket('ECONNREFUSED', '10.0.0.1')), 'unreachable'],
    [ofAll(ofSocket('ETIMEDOUT', ipv6), ofSocket('ECONNREFUSED', '10.0.0.1')), 'unreachable'],
    [ofAll(ofSocket('ENETUNREACH', ipv6), ofSocket('ETIMEDOUT', '10.0.0.1')), 'connectTimeout'],
    [ofAll(ofSocket('ETIMEDOUT', '10.0.0.1'), ofSocket('ECONNREFUSED', ipv6)), 'unreachable'],
  ])('over all addresses of a name is told by the address that has a way: %#', (error, kind) => {
    const failure = classifyFailure(error)
    expect(failure).toMatchObject({ kind })
    expect(failure).not.toEqual(withoutIpv6)
  })

  it('to both addresses of localhost', async () => {
    const failure = classifyFailure(await failureAt({ host: 'localhost', port: 1 }))
    expect(failure).toMatchObject({ kind: 'unreachable', why: expect.stringContaining('nothing listens') as unknown })
  })

  it('to a name that has no address says that it may have IPv6 alone', async () => {
    const failure = classifyFailure(await failureAt({ host: 'db.does-not-exist.invalid' }))
    expect(failure).toMatchObject({ kind: 'unknownHost' })
  })

  it('to a socket whose path is too long, or to a port that is none', async () => {
    const long = classifyFailure(await failureAt({ host: `/tmp/${'x'.repeat(200)}` }))
    expect(long).toMatchObject({ isTransient: false, why: expect.stringContaining('path') as unknown })
    let thrown: unknown
    try {
      connect(65_536, '127.0.0.1')
    } catch (error) {
      thrown = error
    }
    expect(classifyFailure(thrown)).toMatchObject({
      isTransient: false,
      why: expect.stringContaining('port') as unknown,
    })
  })
})

describe('answers at the address', () => {
  it('without the protocol is no PostgreSQL server, and waiting does not help', async () => {
    const port = await answering((client) => client.write(Buffer.from([0, 0, 0, 0, 4])))
    const failure = classifyFailure(await failureAt({ port }))
    expect(failure).toMatchObject({ kind: 'unreachable', isTransient: false })
    expect(failure?.why).toContain('does not speak the protocol')
  })

  it('to the request for TLS with an error, which pg does not show', async () => {
    const port = await answering((client) => client.end('E'))
    const failure = classifyFailure(await failureAt({ port, ssl: { rejectUnauthorized: false } }))
    expect(failure).toMatchObject({ kind: 'tlsUnsupported' })
    expect(failure?.why).toContain('an error that the driver does not show')
  })

  it.each<[string, TLSSocketOptions, pg.ClientConfig['ssl'], string, string]>([
    ['another version', { minVersion: 'TLSv1.3' }, { maxVersion: 'TLSv1.2' }, 'tlsUnsupported', 'version or cipher'],
    [
      'other ciphers',
      { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES256-GCM-SHA384' },
      { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' },
      'tlsUnsupported',
      'version or cipher',
    ],
    [
      'a certificate of the client',
      { requestCert: true, rejectUnauthorized: true },
      {},
      'certificate',
      'asks this client',
    ],
    ['a key that is no PEM', {}, { key: 'lost\\nits line breaks', cert: 'as well' }, 'certificate', 'no PEM text'],
  ])('with TLS, but wants %s', async (_name, wanted, ssl, kind, why) => {
    const port = await answering((client) => beginTls(client, wanted))
    const failure = classifyFailure(await failureAt({ port, ssl: { rejectUnauthorized: false, ...(ssl as object) } }))
    expect(failure).toMatchObject({ kind, isTransient: false, why: expect.stringContaining(why) as unknown })
  })
})

describe('names and messages of one meaning', () => {
  it.each([
    ['EAI_FAIL', 'getaddrinfo EAI_FAIL db', 'unknownHost', true],
    ['EAI_NONAME', 'getaddrinfo EAI_NONAME db', 'unknownHost', false],
    ['EPERM', 'connect EPERM 10.0.0.1:5432', 'unreachable', false],
    ['ERR_STREAM_DESTROYED', 'Cannot call write after a stream was destroyed', 'brokenConnection', true],
    ['ERR_SSL_DH_KEY_TOO_SMALL', 'dh key too small', 'tlsUnsupported', false],
    ['ERR_OSSL_WRONG_TAG', 'wrong tag', 'certificate', false],
    ['CRL_HAS_EXPIRED', 'CRL has expired', 'certificate', false],
    ['53200', 'out of memory', 'tooManyClients', true],
    ['XX000', 'could not fork new process for connection: Cannot allocate memory', 'tooManyClients', true],
    ['42501', 'permission denied for database "shop"', 'authentication', false],
    ['55000', 'database "shop" is not currently accepting connections', 'unknownDatabase', false],
    ['28000', 'role "shop" is not permitted to log in', 'authentication', false],
  ])('%s %s', (code, message, kind, isTransient) => {
    expect(classifyFailure(Object.assign(new Error(message), { code }))).toMatchObject({ kind, isTransient })
  })

  it('in statements are no failures of the connection', () => {
    const error = Object.assign(new Error('permission denied for table orders'), { code: '42501' })
    expect(classifyFailure(error)).toBeUndefined()
  })
})
