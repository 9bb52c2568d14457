import { createGuard, InvalidOptionError, type Guard, type GuardHealth } from '@poolsafe/core'
import { healthHandler, healthResponse, type HealthAnswerOptions, type HealthSource } from '@poolsafe/http'
import { guardPool } from '@poolsafe/pg'
import { serve } from '@hono/node-server'
import express from 'express'
import fastify from 'fastify'
import { Hono } from 'hono'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failureOf } from '../../support/prisma/guarded.ts'
import { sharedPostgres, type SharedPostgres } from '../../support/servers/shared-postgres.ts'

let server: SharedPostgres
let guard: Guard
let pool: pg.Pool
beforeAll(async () => {
  server = await sharedPostgres()
  guard = createGuard({ logger: { warn: () => {} } })
  pool = guardPool(new pg.Pool({ connectionString: server.url }), guard)
  await pool.query('SELECT 1')
})
afterAll(async () => {
  await pool.end()
  await server.stop()
})

type Guards = HealthSource | readonly HealthSource[]
/** Serves the health at `/health` of some port. */
type Serve = (
  guards: Guards,
  options?: HealthAnswerOptions,
) => Promise<{ readonly port: number; close(): Promise<unknown> }>

async function listen(http: Server): ReturnType<Serve> {
  if (!http.listening) await once(http.listen(0, '127.0.0.1'), 'listening')
  const close = async (): Promise<void> => {
    http.closeAllConnections()
    http.close()
    await once(http, 'close')
  }
  return { port: (http.address() as AddressInfo).port, close }
}

const servers: readonly (readonly [string, Serve])[] = [
  [
    'node:http',
    (guards, options) => {
      const handle = healthHandler(guards, options)
      return listen(createServer((request, response) => void handle(request, response)))
    },
  ],
  ['Express', (guards, options) => listen(createServer(express().all('/health', healthHandler(guards, options))))],
  [
    'Fastify',
    async (guards, options) => {
      const app = fastify()
      app.all('/health', healthResponse(guards, options))
      await app.listen({ port: 0, host: '127.0.0.1' })
      return { port: (app.server.address() as AddressInfo).port, close: () => app.close() }
    },
  ],
  [
    'Hono',
    async (guards, options) => {
      const handle = healthResponse(guards, options)
      const app = new Hono().all('/health', (context) => handle(context.req.raw))
      const http = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server
      await once(http, 'listening')
      return listen(http)
    },
  ],
]

interface Heard {
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

describe.each(servers)('health by %s', (_name, open) => {
  async function ask(guards: Guards, options?: HealthAnswerOptions, method = 'GET'): Promise<Heard> {
    const { port, close } = await open(guards, options)
    try {
      const response = await fetch(`http://127.0.0.1:${port}/health`, { method })
      return { status: response.status, headers: response.headers, body: await response.text() }
    } finally {
      await close()
    }
  }

  it('is 200 and uncached JSON, and shows strangers only whether it is healthy', async () => {
    const response = await ask(guard)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(response.headers.get('cache-control')).toBe('no-store')
    const health: unknown = JSON.parse(response.body)
    expect(health).toEqual({ healthy: true, problems: [], timestamp: expect.stringMatching(/^\d{4}-.*Z$/) as string })
  })

  it('shows everything if the option asks for it', async () => {
    const health = JSON.parse((await ask(guard, { details: true })).body) as GuardHealth
    expect(health).toMatchObject({
      healthy: true,
      totalErrors: 0,
      poolInfo: 'Limit: 10, Pool Timeout: 10s, Connect Timeout: 10s',
    })
    expect(health.pools).toMatchObject([{ max: 10, ping: { outcome: 'answered' } }])
    expect(health.slowest).toMatchObject([{ statement: 'SELECT ?' }])
  })

  it('is 503 where something is wrong, of one guard of several too, and a guard that fails is named as such', async () => {
    const failing = { health: () => Promise.reject(new Error('secret')) }
    const response = await ask([guard, failing], { details: true })
    expect(response.status).toBe(503)
    expect(JSON.parse(response.body)).toMatchObject({
      healthy: false,
      problems: ['unknown'],
      reasons: ['the health of a guard is unknown: poolsafe itself failed'],
      pools: [{ healthy: true }],
    })
    expect(response.body).not.toContain('secret')
    expect((await ask(failing)).status).toBe(503)
  })

  it('has no body for HEAD, and refuses every other method', async () => {
    const head = await ask(guard, {}, 'HEAD')
    expect([head.status, head.body, head.headers.get('content-type')]).toEqual([200, '', 'application/json'])
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const refused = await ask(guard, {}, method)
      expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    }
  })
})

it('the health of several guards adds up', async () => {
  const other = createGuard({ logger: { warn: () => {} } })
  const otherPool = guardPool(new pg.Pool({ connectionString: server.url }), other, { poolName: 'reports' })
  try {
    await failureOf(() => otherPool.query('SELECT 1/0'))
    const response = await healthResponse([guard, other], { details: true })(new Request('http://localhost/health'))
    const health = (await response.json()) as GuardHealth
    const [one, two] = [guard.stats(), other.stats()]
    expect(health).toMatchObject({
      totalQueries: one.totalQueries + two.totalQueries,
      totalErrors: 1,
      duration: { count: one.totalQueries + 1 },
    })
    expect(health.pools.map(({ name }) => name)).toEqual([one.pools[0]?.name, 'reports'])
    expect(health.slowest).toHaveLength(one.slowest.length + two.slowest.length)
  } finally {
    await otherPool.end()
  }
})

it.each<[string, () => unknown, string]>([
  [
    'no guard',
    () => healthHandler([]),
    'healthHandler() must be given a guard created by createGuard(), or an array of guards',
  ],
  [
    'what is none',
    () => healthResponse({} as never),
    'healthResponse() must be given a guard created by createGuard(), or an array of guards',
  ],
  ['an option that does not exist', () => healthHandler(guard, { detail: true } as never), "did you mean 'details'?"],
  [
    'details that are neither',
    () => healthHandler(guard, { details: 'yes' as never }),
    "details must be true or false; got 'yes'",
  ],
  ['a bad limit', () => healthHandler(guard, { pingTimeoutMillis: -1 }), 'pingTimeoutMillis must be'],
])('%s is refused when the handler is made', (_what, make, message) => {
  expect(make).toThrow(InvalidOptionError)
  expect(make).toThrow(message)
})
