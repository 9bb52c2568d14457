import {
  AcquireTimeoutError,
  createGuard,
  ServerRefusesError,
  type CheckoutOptions,
  type FailFast,
  type Guard,
  type NoConnectionError,
} from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Proxy } from '../support/servers/proxy.ts'
import { layers, untilAnswered, type Layer } from '../support/layers.ts'

let server: PostgresServer
let way: Proxy
let url: string
beforeAll(async () => {
  server = await startPostgres()
  way = new Proxy(server.port)
  await way.open()
  url = at(way.port)
})
afterAll(async () => {
  await way.close()
  await server.stop()
})

function at(port: number): string {
  return Object.assign(new URL(server.url), { port: String(port) }).href
}

function quiet(): Guard {
  return createGuard({ logger: { warn: () => {} } })
}

/** `calls` of them, spread over some time, and what each failed with; `undefined` where it did not. */
async function callsOver(layer: Layer, calls: number, millis: number): Promise<(Error | undefined)[]> {
  const made = Array.from({ length: calls }, async (_, index) => {
    await new Promise((resolve) => setTimeout(resolve, (index * millis) / calls))
    return layer.query().then(
      () => undefined,
      (error: unknown) => error as Error,
    )
  })
  return Promise.all(made)
}

describe.each(layers)('%s', (_name, open) => {
  async function use(
    options: CheckoutOptions,
    work: (layer: Layer) => Promise<void>,
    max = 4,
    to = url,
  ): Promise<void> {
    const layer = open({ url: to, max, guard: quiet(), options })
    try {
      await work(layer)
    } finally {
      await layer.close()
    }
  }

  it('gives every call the last failure as its cause while the server is down', async () => {
    await use({ acquireTimeoutMillis: 600 }, async (layer) => {
      await untilAnswered(layer)
      await way.close()
      try {
        const errors = await callsOver(layer, 60, 1000)
        for (const error of errors) {
          // A call on a connection that was open loses it.
          if (!(error instanceof AcquireTimeoutError)) continue
          expect(error).toMatchObject({ likelyCause: 'serverRefuses', cause: { code: 'ECONNREFUSED' } })
          expect(error.message).toContain('nothing listens at that host and port')
          expect(error.message).not.toContain('a larger pool')
        }
        expect(errors.filter((error) => error instanceof AcquireTimeoutError).length).toBeGreaterThanOrEqual(55)
      } finally {
        await way.open()
      }
      await untilAnswered(layer)
    })
  })

  it('gives every call that cause while the server is full', async () => {
    const admin = new pg.Client({ connectionString: server.url })
    await admin.connect()
    const role = `full_${Math.random().toString(36).slice(2)}`
    await admin.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x' CONNECTION LIMIT 0`)
    const full = Object.assign(new URL(server.url), { username: role, password: 'x' }).href
    await use(
      { acquireTimeoutMillis: 1500 },
      async (layer) => {
        for (const error of await callsOver(layer, 30, 200)) {
          expect(error).toBeInstanceOf(AcquireTimeoutError)
          expect(error).toMatchObject({ likelyCause: 'serverRefuses', cause: { code: '53300' } })
        }
      },
      4,
      full,
    )
    await admin.end()
  })

  it.each<[string, FailFast]>([
    ['at once', 'whileRefusing'],
    ['after a while', { afterMillis: 300 }],
  ])('that is to fail fast does so %s, and is back with the server', async (_when, failFast) => {
    await use({ acquireTimeoutMillis: 30_000, failFast }, async (layer) => {
      await untilAnswered(layer)
      await way.close()
      let errors: (Error | undefined)[] = []
      try {
        errors = await callsOver(layer, 20, 500)
      } finally {
        await way.open()
      }
      const refused = errors.filter((error) => error instanceof ServerRefusesError)
      expect(refused.length).toBeGreaterThanOrEqual(15)
      for (const error of refused)
        expect(error).toMatchObject({ likelyCause: 'serverRefuses', cause: { code: 'ECONNREFUSED' } })
      await untilAnswered(layer)
    })
  })

  it('never calls the pool too small while the server does not answer', async () => {
    await use({ acquireTimeoutMillis: 1500 }, async (layer) => {
      way.silence()
      try {
        for (const error of await callsOver(layer, 20, 100)) {
          expect(error).toBeInstanceOf(AcquireTimeoutError)
          expect(error).toMatchObject({ likelyCause: 'slowConnect', active: 0 })
        }
      } finally {
        way.speak()
      }
    })
  })
})

describe('a pool of node-postgres', () => {
  it('with a slow hook names the hook', async () => {
    const onConnect = (): Promise<void> => new Promise(() => {})
    const config: pg.PoolConfig & { onConnect: () => Promise<void> } = {
      connectionString: server.url,
      max: 2,
      onConnect,
    }
    const pool = guardPool(new pg.Pool(config), quiet(), { acquireTimeoutMillis: 1000 })
    const results = await Promise.allSettled(Array.from({ length: 6 }, () => pool.query('SELECT 1')))
    for (const result of results) {
      const error = (result as PromiseRejectedResult).reason as NoConnectionError
      expect(error).toMatchObject({ likelyCause: 'slowConnect', active: 0 })
      expect(error.message).toContain('a hook of the pool (onConnect or verify) has not finished')
    }
  })

  it('that waits keeps its connections for those that come back while the server takes no more', async () => {
    const admin = new pg.Client({ connectionString: server.url })
    await admin.connect()
    await admin.query("CREATE ROLE two LOGIN PASSWORD 'x' CONNECTION LIMIT 2")
    const connectionString = Object.assign(new URL(server.url), { username: 'two', password: 'x' }).href
    const pool = guardPool(new pg.Pool({ connectionString, max: 10 }), quiet(), { failFast: 'whileRefusing' })
    // The server admits two at a time. Once they are open, the other callers wait for those two, and no call fails.
    await Promise.all(Array.from({ length: 2 }, () => pool.query('SELECT pg_sleep(0.05)')))
    await Promise.all(Array.from({ length: 40 }, () => pool.query('SELECT pg_sleep(0.005)')))
    await pool.end()
    await admin.end()
  })

  it('refuses what is no way to fail fast', () => {
    for (const failFast of [true, 'always', {}, { afterMillis: -1 }, { afterMillis: 5, after: 5 }]) {
      const options = { failFast } as unknown as CheckoutOptions
      expect(() => guardPool(new pg.Pool(), quiet(), options)).toThrow('failFast')
    }
  })
})
