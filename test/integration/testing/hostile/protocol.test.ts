import { poolers, type PoolerProfile } from '@poolsafe/core'
import { startHostilePooler, type HostilePoolerServer } from '@poolsafe/testing/hostile'
import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  bind,
  closeStatement,
  connectRaw,
  describeStatement,
  execute,
  extended,
  flush,
  message,
  parse,
  query,
  sync,
  type RawClient,
} from './raw-client.ts'

let server: PostgresServer
let pooler: HostilePoolerServer
let client: RawClient

beforeAll(async () => {
  server = await startPostgres()
  const direct = new pg.Client(server.url)
  await direct.connect()
  await direct.query('CREATE TABLE copied (id int)')
  await direct.end()
})
afterEach(async () => {
  await client.end()
  await pooler.stop()
})
afterAll(() => server.stop())

async function open(profile: PoolerProfile = poolers.strictest(), minor = 0): Promise<RawClient> {
  pooler = await startHostilePooler({ target: server, pooler: profile })
  client = await connectRaw(pooler.host, pooler.port, minor)
  return client
}

/** Open and through the login. */
async function logIn(profile?: PoolerProfile): Promise<RawClient> {
  const raw = await open(profile)
  await raw.answers()
  return raw
}

const pid = 'SELECT pg_backend_pid()'
const carriesNames = poolers.pgbouncer({ version: '1.24' })

describe('login', () => {
  test('speaks version 3.0 with a client that asks for a later one', async () => {
    const raw = await open(undefined, 2)
    expect(await raw.answers()).toEqual(['v', 'R', 'ZI'])
  })
})

describe('pipelines', () => {
  test('with Syncs are cut where transactions end', async () => {
    const raw = await logIn()
    raw.send(extended(pid), sync, extended(pid), sync, query(pid), query(pid))
    const answers = await raw.answers(4)
    expect(answers.map((each) => each.charAt(0)).join('')).toBe('12DCZ12DCZTDCZTDCZ')
    const pids = answers.filter((each) => each.startsWith('D'))
    expect(pids.slice(1).filter((each, at) => each === pids[at])).toEqual([])
  })

  test('stay on one session inside a transaction', async () => {
    const raw = await logIn()
    raw.send(extended('BEGIN'), sync, extended(pid), sync, extended(pid), sync, extended('COMMIT'), sync)
    const pids = (await raw.answers(4)).filter((each) => each.startsWith('D'))
    expect(pids[0]).toBe(pids[1])
  })

  test('with several statements before one Sync are one transaction', async () => {
    const raw = await logIn()
    raw.send(extended(pid), extended(pid), extended('SELECT 1/0'), extended(pid), sync, query('SELECT 7'))
    const answers = await raw.answers(2)
    expect(answers.map((each) => each.slice(0, 1)).join('')).toBe('12DC12DC1EZTDCZ')
    expect(answers[2]).toBe(answers[6])
    expect(answers.slice(-3)).toEqual(['D7', 'CSELECT 1', 'ZI'])
  })

  test('after an error skip what is not a Sync', async () => {
    const raw = await logIn()
    raw.send(parse('SELECT nonsense'), flush)
    expect(await raw.next()).toBe('E42703')
    raw.send(bind(), execute, flush, query('SELECT 1'), sync, query('SELECT 2'))
    expect(await raw.answers(2)).toEqual(['ZI', 'T', 'D2', 'CSELECT 1', 'ZI'])
  })

  test('answer a Flush before the Sync', async () => {
    const raw = await logIn()
    raw.send(extended('SELECT 7'), flush)
    expect([await raw.next(), await raw.next(), await raw.next(), await raw.next()]).toEqual([
      '1',
      '2',
      'D7',
      'CSELECT 1',
    ])
    raw.send(sync)
    expect(await raw.answers()).toEqual(['ZI'])
  })
})

describe('COPY', () => {
  const data = message('d', Buffer.from('1\n'))

  test('by the extended protocol, with a Sync behind it', async () => {
    const raw = await logIn()
    raw.send(extended('COPY copied FROM STDIN'), sync)
    expect([await raw.next(), await raw.next(), await raw.next()]).toEqual(['1', '2', 'G'])
    raw.send(data, data, message('c'), sync, query('SELECT 7'))
    expect(await raw.answers(2)).toEqual(['CCOPY 2', 'ZI', 'T', 'D7', 'CSELECT 1', 'ZI'])
  })

  test('by the extended protocol, without', async () => {
    const raw = await logIn()
    raw.send(extended('COPY copied FROM STDIN'), flush)
    expect([await raw.next(), await raw.next(), await raw.next()]).toEqual(['1', '2', 'G'])
    raw.send(data, message('c'), sync)
    expect(await raw.answers()).toEqual(['CCOPY 1', 'ZI'])
  })

  test('with data that come ahead and go on after an error', async () => {
    const raw = await logIn()
    const wrong = message('d', Buffer.from('no number\n'))
    raw.send(query('COPY copied FROM STDIN'), data, wrong, message('c'))
    expect(await raw.answers()).toEqual(['G', 'E22P02', 'ZI'])
    raw.send(data, message('c'), message('f', 'too late'), query('SELECT 7'))
    expect(await raw.answers()).toEqual(['T', 'D7', 'CSELECT 1', 'ZI'])
  })

  test('that the client gives up', async () => {
    const raw = await logIn()
    raw.send(query('COPY copied FROM STDIN'), data, message('f', 'changed my mind'))
    expect(await raw.answers()).toEqual(['G', 'E57014', 'ZI'])
  })

  test('with a message that is larger than a packet', async () => {
    const raw = await logIn()
    raw.send(query('COPY copied FROM STDIN'), message('d', Buffer.from('1\n'.repeat(1_000_000))), message('c'))
    expect(await raw.answers()).toEqual(['G', 'CCOPY 1000000', 'ZI'])
  })
})

test('function calls are transactions as well', async () => {
  const raw = await logIn()
  const pidFunction = 2026
  const call = Buffer.alloc(12)
  call.writeUInt32BE(pidFunction)
  const withoutFormats = message('F', call.subarray(0, 10))
  raw.send(withoutFormats, query(pid))
  expect((await raw.answers(2)).map((each) => each.charAt(0)).join('')).toBe('VZTDCZ')
})

describe('names of statements that follow the client', () => {
  test('are answered as if the server had been asked', async () => {
    const raw = await logIn(carriesNames)
    raw.send(parse('SELECT 7', 'a'), describeStatement('a'), bind('a'), execute, sync)
    expect(await raw.answers()).toEqual(['1', 't', 'T', '2', 'D7', 'CSELECT 1', 'ZI'])
    for (let session = 0; session < 4; session++) {
      raw.send(bind('a'), execute, describeStatement('a'), sync)
      expect(await raw.answers()).toEqual(['2', 'D7', 'CSELECT 1', 't', 'T', 'ZI'])
    }
    raw.send(closeStatement('a'), closeStatement('never there'), parse('SELECT 8', 'a'), bind('a'), execute, sync)
    expect(await raw.answers()).toEqual(['3', '3', '1', '2', 'D8', 'CSELECT 1', 'ZI'])
  })

  test('keep their order among answers of the server, also before a Flush', async () => {
    const raw = await logIn(carriesNames)
    raw.send(query('BEGIN'), parse('SELECT 7', 'a'), sync)
    await raw.answers(2)
    raw.send(extended('SELECT 1'), closeStatement('a'), parse('SELECT 7', 'b'), bind('b'), execute, flush)
    const seen: unknown[] = []
    for (let count = 0; count < 9; count++) seen.push(await raw.next())
    expect(seen).toEqual(['1', '2', 'D1', 'CSELECT 1', '3', '1', '2', 'D7', 'CSELECT 1'])
    raw.send(sync, query('COMMIT'))
    expect(await raw.answers(2)).toEqual(['ZT', 'CCOMMIT', 'ZI'])
  })

  test('are refused when they are taken', async () => {
    const raw = await logIn(carriesNames)
    raw.send(parse('SELECT 7', 'a'), sync, parse('SELECT 8', 'a'), bind('a'), sync)
    expect(await raw.answers(2)).toEqual(['1', 'ZI', 'E42P05', 'ZI'])
    raw.send(bind('a'), execute, sync)
    expect(await raw.answers()).toEqual(['2', 'D7', 'CSELECT 1', 'ZI'])
  })

  test('are forgotten where an error came before them', async () => {
    const raw = await logIn(carriesNames)
    raw.send(extended('SELECT 1/0'), parse('SELECT 7', 'a'), sync, bind('a'), sync)
    expect(await raw.answers(2)).toEqual(['1', 'E22012', 'ZI', 'E26000', 'ZI'])
    raw.send(parse('SELECT 7', 'a'), bind('a'), execute, sync)
    expect(await raw.answers()).toEqual(['1', '2', 'D7', 'CSELECT 1', 'ZI'])
  })
})
