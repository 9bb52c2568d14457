import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { guardPool } from '@poolsafe/pg'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { range, watchRepeated, type RepeatedWatch } from '../../support/repeated-watch.ts'
import { apps, type App, type Work } from './scoped-apps.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

const byId = 'SELECT oid FROM pg_class WHERE oid = $1'

async function findEach(pool: pg.Pool, ids: readonly number[]): Promise<number> {
  for (const id of ids) await pool.query(byId, [id])
  return ids.length
}

interface Trial extends RepeatedWatch {
  readonly pool: pg.Pool
  readonly url: string
}

/** Runs an application on a guarded pool. */
async function run(
  app: App,
  workOn: (pool: pg.Pool) => Work,
  trial: (trial: Trial) => Promise<unknown>,
): Promise<RepeatedWatch> {
  const watch = watchRepeated()
  const pool = guardPool(new pg.Pool({ connectionString: server.url, max: 4 }), watch.guard)
  const running = await app.start(workOn(pool))
  try {
    await trial({ ...watch, pool, url: running.url })
  } finally {
    await running.close()
    await pool.end()
  }
  return watch
}

const listing = (pool: pg.Pool): Work => ({
  list: (id) => findEach(pool, range(Number(id))),
  create: (ids) => findEach(pool, ids),
})

/** A scope ends when the response is closed, which its client may know first. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve))
}

async function get(url: string): Promise<string> {
  const response = await fetch(url)
  expect(response.ok).toBe(true)
  return response.text()
}

function post(url: string, ids: readonly number[]): Promise<Response> {
  return fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ ids }) })
}

/** The body comes when the request has been taken up, in two pieces. */
async function postSlowly(url: string, ids: readonly number[]): Promise<number | undefined> {
  const body = JSON.stringify({ ids })
  const headers = { 'content-type': 'application/json', 'content-length': body.length, expect: '100-continue' }
  const sending = request(url, { method: 'POST', headers })
  const response = once(sending, 'response')
  sending.flushHeaders()
  await once(sending, 'continue')
  sending.write(body.slice(0, 5))
  await new Promise((resolve) => setTimeout(resolve, 20))
  sending.end(body.slice(5))
  const [answer] = (await response) as [IncomingMessage]
  const { statusCode } = answer.resume()
  return statusCode === 201 ? 200 : statusCode
}

describe.each(apps)('the request scope of $framework', (app) => {
  it('reports what one request repeats, by the pattern of its route', async () => {
    const { repeated } = await run(app, listing, async ({ url, repeated: told }) => {
      expect(await get(`${url}/orders/11/lines`)).toBe('11')
      await until(() => told.length > 0)
    })
    expect(repeated).toMatchObject([{ count: 11, request: 'GET /orders/:id/lines', tag: 'web' }])
    expect(repeated[0]?.place).toMatch(/^findEach \(test\/integration\/http\/request-scope\.test\.ts:/)
  })

  it('is kept when the body of a request is read', async () => {
    const { repeated } = await run(app, listing, async ({ url, repeated: told }) => {
      expect((await post(`${url}/orders`, range(12))).ok).toBe(true)
      expect(await postSlowly(`${url}/orders`, range(13))).toBe(200)
      await until(() => told.length > 1)
    })
    expect(repeated).toMatchObject([
      { count: 12, request: 'POST /orders' },
      { count: 13, request: 'POST /orders' },
    ])
  })

  it('does not mix requests, neither at once nor one after the other on a connection', async () => {
    const { repeated, guard } = await run(app, listing, async ({ url, repeated: told }) => {
      await Promise.all([get(`${url}/orders/10/lines`), get(`${url}/orders/9/lines`), get(`${url}/orders/10/lines`)])
      for (const _ of range(3)) await get(`${url}/orders/10/lines`)
      await get(`${url}/orders/14/lines`)
      await until(() => told.length > 0)
    })
    expect(repeated).toMatchObject([{ count: 14 }])
    expect(guard.stats().repeatedQueries).toBe(1)
  })

  it('ends when its client goes away, and counts nothing that the handler sends afterwards', async () => {
    let goOn = (): void => {}
    let sent = 0
    const gone = new Promise<void>((resolve) => (goOn = resolve))
    const waiting = (pool: pg.Pool): Work => ({
      ...listing(pool),
      async list() {
        sent += await findEach(pool, range(11))
        await gone
        return (sent += await findEach(pool, range(50)))
      },
    })
    const { repeated } = await run(app, waiting, async ({ url, repeated: told }) => {
      const leaving = new AbortController()
      const left = fetch(`${url}/orders/1/lines`, { signal: leaving.signal }).catch((error: unknown) => error)
      await until(() => sent === 11)
      leaving.abort()
      await left
      await until(() => told.length > 0)
      goOn()
      await until(() => sent === 61)
    })
    expect(repeated).toMatchObject([{ count: 11, request: 'GET /orders/:id/lines' }])
  })

  it('answers what is not found, and what fails', async () => {
    const failing = (pool: pg.Pool): Work => ({ ...listing(pool), list: () => pool.query('SELECT 1/0') })
    const { repeated } = await run(app, failing, async ({ url }) => {
      expect((await fetch(`${url}/nothing/7`)).status).toBe(404)
      expect((await fetch(`${url}/orders/7/lines`)).status).toBe(500)
    })
    expect(repeated).toEqual([])
  })
})
