import { startPostgres, type PgBouncerServer, type PostgresServer } from '@poolsafe/testing/servers'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startPgBouncer } from '../../support/servers/pgbouncer.ts'
import { knownCrash } from '../../support/servers/pooler-crashes.ts'

let server: PostgresServer
let way: Server
let pooler: PgBouncerServer
const sockets: Socket[] = []

beforeAll(async () => {
  server = await startPostgres()
  // The server's end of a connection does not reach the pooler: for it, a CancelRequest stays under way.
  way = createServer({ allowHalfOpen: true }, (near) => {
    const far = connect(server.port, '127.0.0.1')
    sockets.push(near, far)
    for (const socket of [near, far]) socket.on('error', () => {})
    near.pipe(far)
    far.pipe(near, { end: false })
  }).listen(0, '127.0.0.1')
  await once(way, 'listening')
  pooler = await startPgBouncer({ target: { ...server, port: (way.address() as AddressInfo).port } })
})
afterAll(async () => {
  await pooler.stop()
  for (const socket of sockets) socket.destroy()
  way.close()
  await server.stop()
})

/** Cancels a statement, and ends its session while the pooler still waits for the CancelRequest. */
async function crash(): Promise<void> {
  const [admin, client] = [new pg.Client(server.url), new pg.Client(pooler.url)]
  for (const each of [admin, client]) await each.on('error', () => {}).connect()
  const { rows } = await client
    .query<{ pid: number }>('BEGIN; SELECT pg_backend_pid() AS pid')
    .then((each) => (each as unknown as pg.QueryResult<{ pid: number }>[])[1]!)
  const ended = client.query('SELECT pg_sleep(3600)').catch(() => {})
  const request = Buffer.alloc(16)
  const { processID, secretKey } = client as unknown as { readonly processID: number; readonly secretKey: number }
  for (const [index, word] of [16, 80_877_102, processID, secretKey].entries()) request.writeInt32BE(word, index * 4)
  // A CancelRequest that overtakes the statement cancels nothing.
  while ((await admin.query(running, [rows[0]?.pid])).rowCount === 0) await sleep(5)
  const cancelling = connect(pooler.port, '127.0.0.1').on('error', () => {})
  cancelling.write(request)
  await ended
  await client.query('ROLLBACK')
  await admin.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid])
  await admin.end()
  await once(cancelling.resume(), 'close')
  await client.end()
}

const running = "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND state = 'active'"

let attempts = 0

it('a test during which PgBouncer 1.18 crashes runs again on a new one', async () => {
  attempts++
  if (attempts === 1) await crash()
  const client = new pg.Client(pooler.url)
  await client.connect()
  await client.end()
  expect(attempts).toBe(pooler.version.startsWith('1.18') ? 2 : 1)
})

const line = 'FATAL @src/server.c:583 in function server_proto(): server_proto: server in bad state: 11'

it.each([
  ['1.18.0', line, line],
  ['1.19.1', `2026 [1] ${line.replace('11', '14')}\n`, line.replace('11', '14')],
  ['1.20.0', line, undefined],
  ['1.18.0', 'FATAL @src/main.c:7 in function main(): unable to write pidfile', undefined],
  ['1.18.0', 'ERROR server in bad state: 11', undefined],
])('PgBouncer %s that says %s', (version, log, expected) => {
  expect(knownCrash({ version, log: () => log })).toBe(expected)
})
