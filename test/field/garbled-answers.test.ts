import { createGuard, type ConnectionLostEvent } from '@poolsafe/core'
import { guardPool, poolStatistics } from '@poolsafe/pg'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { GarblingWay } from '../support/servers/garbling-way.ts'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

let server: SharedPostgres
let way: GarblingWay
let pool: pg.Pool
let lost: ConnectionLostEvent[]

beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())
beforeEach(async () => {
  way = await GarblingWay.open(server.port)
  const guard = createGuard({ logger: { warn: () => {} } })
  lost = []
  guard.on('connectionLost', (event) => void lost.push(event))
  const connectionString = Object.assign(new URL(server.url), { port: String(way.port) }).href
  pool = guardPool(new pg.Pool({ connectionString, max: 1 }), guard)
  await pool.query('SELECT 1')
})
afterEach(async () => {
  await pool.end()
  await way.close()
})

/** A CommandComplete that belongs to no statement. */
const unasked = Buffer.concat([Buffer.from('C'), Buffer.from([0, 0, 0, 13]), Buffer.from('SELECT 1\0')])

describe('an answer that is not PostgreSQL’s', () => {
  it('fails its statement, and the connection is closed: the next statement does not wait forever', async () => {
    const client = await pool.connect()
    way.garbleNext()
    await expect(client.query('SELECT 2')).rejects.toThrow('received invalid response')
    await expect(client.query('SELECT 3')).rejects.toMatchObject({
      message: expect.stringMatching(/^Connection terminated|not queryable/) as unknown,
      cause: { name: 'ConnectionLostError', message: expect.stringContaining('garbled') as unknown },
    })
    client.release()
    await expect(pool.query('SELECT 4 AS four')).resolves.toMatchObject({ rows: [{ four: 4 }] })
    expect(lost).toMatchObject([{ reason: 'garbled' }])
  })

  it.each([
    ['no message of the protocol', undefined],
    ['an answer to nothing', unasked],
  ])('while the connection is idle ends it, counted and reported, without a listener: %s', async (_name, bytes) => {
    way.intrude(bytes)
    await expect.poll(() => poolStatistics(pool)?.connectionsLost.garbled).toBe(1)
    await expect(pool.query('SELECT 5 AS five')).resolves.toMatchObject({ rows: [{ five: 5 }] })
    expect(lost).toMatchObject([{ reason: 'garbled' }])
  })
})
