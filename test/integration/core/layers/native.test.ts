import { EventEmitter } from 'node:events'
import { createGuard } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

/** As the client of pg-native: the one that it sends by is out of sight, and so is the wire. */
class HiddenWire extends EventEmitter {
  readonly #client: pg.Client

  constructor(config: pg.ClientConfig) {
    super()
    this.#client = new pg.Client(config)
    this.#client.on('error', (error) => this.emit('error', error))
  }

  connect(...args: unknown[]): unknown {
    return Reflect.apply(this.#client.connect.bind(this.#client), undefined, args)
  }

  query(...args: unknown[]): unknown {
    return Reflect.apply(this.#client.query.bind(this.#client), undefined, args)
  }

  end(...args: unknown[]): unknown {
    return Reflect.apply(this.#client.end.bind(this.#client), undefined, args)
  }
}

it('a pool whose clients do not show their messages counts no statement, and remembers none', async () => {
  const guard = createGuard({ logger: { warn() {} } })
  const pool = guardPool(new pg.Pool({ connectionString: server.url, Client: HiddenWire as never }), guard)
  expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
  const client = await pool.connect()
  await client.query('SELECT 2 AS two')
  client.release()
  await pool.end()
  expect(guard.stats()).toMatchObject({ totalQueries: 0, fingerprints: { known: 0 }, slowest: [] })
})
