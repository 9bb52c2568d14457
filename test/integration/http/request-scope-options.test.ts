import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { INestApplication } from '@nestjs/common'
import { InvalidOptionError } from '@poolsafe/core'
import { requestScope as ofExpress, type RequestScopeOptions } from '@poolsafe/http/express'
import { requestScope as ofFastify } from '@poolsafe/http/fastify'
import { requestScope as ofHono } from '@poolsafe/http/hono'
import { requestScope as ofNest } from '@poolsafe/http/nest'
import { guardPool } from '@poolsafe/pg'
import express from 'express'
import fastify, { type FastifyRequest } from 'fastify'
import { Hono, type Context } from 'hono'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { range, watchRepeated } from '../../support/repeated-watch.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

async function listening(app: express.Express): Promise<Server> {
  const http = createServer(app)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return http
}

/** The name that a request for a path of an Express application gets, and what is warned of. */
async function namesOf(
  options: RequestScopeOptions<express.Request>,
  paths: readonly string[],
): Promise<(string | undefined)[]> {
  const { guard, repeated } = watchRepeated({ repeatedQueryLimit: 1 })
  const pool = guardPool(new pg.Pool({ connectionString: server.url }), guard)
  const work = async (_request: unknown, response: express.Response): Promise<void> => {
    for (const id of range(2)) await pool.query('SELECT oid FROM pg_class WHERE oid = $1', [id])
    response.end()
  }
  const router = express.Router()
  router.get('/orders/:id', work)
  const app = express()
  app.use(ofExpress(options))
  app.get('/plain/:id', work)
  app.get(['/one/:id', /^\/two/], work)
  app.use('/tenants/:tenant', router)
  app.use(work)
  const http = await listening(app)
  for (const [index, path] of paths.entries()) {
    await fetch(`http://127.0.0.1:${(http.address() as AddressInfo).port}${path}`)
    while (repeated.length <= index) await new Promise((resolve) => setImmediate(resolve))
  }
  await new Promise((resolve) => http.close(resolve).closeAllConnections())
  await pool.end()
  return repeated.map(({ request }) => request)
}

describe('the name of a request', () => {
  it('is its method and the pattern of its route, never a value', async () => {
    const names = await namesOf({}, ['/plain/secret', '/one/secret', '/tenants/secret/orders/secret', '/secret'])
    expect(names).toEqual(['GET /plain/:id', 'GET /one/:id | /^\\/two/', 'GET …/orders/:id', 'GET'])
  })

  it('is what the application calls it', async () => {
    expect(await namesOf({ name: (request) => `page ${request.method}` }, ['/plain/1'])).toEqual(['page GET'])
  })

  it('is none where the function fails, which breaks nothing and is warned of once', async () => {
    const warnings: string[] = []
    const listen = (warning: Error): void => void warnings.push(warning.message)
    process.on('warning', listen)
    const failing = (): never => {
      throw new Error('secret')
    }
    expect(await namesOf({ name: failing, tag: failing }, ['/plain/1', '/plain/2'])).toEqual([undefined, undefined])
    expect(await namesOf({ name: () => 7 as unknown as string }, ['/plain/1'])).toEqual([undefined])
    process.off('warning', listen)
    expect(warnings).toEqual([
      'poolsafe: requestScope(): name threw an error; such requests have none',
      'poolsafe: requestScope(): name returned no string; such requests have none',
    ])
  })
})

it('the functions of a framework get its own request', () => {
  const app = fastify()
  app.register(
    ofFastify({
      name: ({ routeOptions }: FastifyRequest) => routeOptions.url,
      tag: (request: FastifyRequest) => request.host,
    }),
  )
  const hono = new Hono().use(ofHono({ name: (context: Context) => context.req.routePath }))
  const nest = (into: Pick<INestApplication, 'use'>): unknown =>
    into.use(ofNest({ tag: (request: express.Request) => request.get('x-tag') }))
  expect([app, hono, nest].every(Boolean)).toBe(true)
})

describe('a request of Hono without a server', () => {
  it('ends with its handler', async () => {
    const { guard, repeated } = watchRepeated({ repeatedQueryLimit: 1 })
    const pool = guardPool(new pg.Pool({ connectionString: server.url }), guard)
    const app = new Hono()
    app.use(ofHono())
    app.get('/orders/:id', async (context) => {
      for (const id of range(3)) await pool.query('SELECT oid FROM pg_class WHERE oid = $1', [id])
      return context.text('done')
    })
    expect(await (await app.request('/orders/secret')).text()).toBe('done')
    expect(repeated).toMatchObject([{ count: 3, request: 'GET /orders/:id' }])
    await pool.end()
  })
})

const all: readonly [string, (options: object) => unknown][] = [
  ['Express', ofExpress],
  ['Fastify', ofFastify],
  ['Hono', ofHono],
  ['NestJS', ofNest],
]

describe.each(all)('requestScope() for %s', (_framework, requestScope) => {
  it.each([
    [{ nam: () => 'a' }, "an option of requestScope() is 'nam': did you mean 'name'?"],
    [{ name: 'GET /' }, 'requestScope(): name must be a function that returns the name of a request'],
    [{ tag: 7 }, 'requestScope(): tag must be a non-empty string, or a function'],
    [{ tag: '' }, 'requestScope(): tag must be a non-empty string, or a function'],
    ['web', 'requestScope() must be an object with the options name, tag'],
  ])('refuses %j', (options, message) => {
    expect(() => requestScope(options as object)).toThrow(InvalidOptionError)
    expect(() => requestScope(options as object)).toThrow(message)
  })
})
