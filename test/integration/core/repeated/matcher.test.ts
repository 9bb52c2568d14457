import { createGuard, withRequestScope, type Guard } from '@poolsafe/core'
import { requestScope as ofFastify } from '@poolsafe/http/fastify'
import { requestScope } from '@poolsafe/http/hono'
import { guardPool } from '@poolsafe/pg'
import fastify from 'fastify'
import { Hono } from 'hono'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import '@poolsafe/testing/matchers'
import { range } from '../../../support/repeated-watch.ts'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

let server: SharedPostgres
let guard: Guard
let pool: pg.Pool
const logged: string[] = []
beforeAll(async () => {
  server = await sharedPostgres()
  guard = createGuard({ observe: { repeatedQueryLimit: 1 }, logger: { warn: (message) => void logged.push(message) } })
  pool = guardPool(new pg.Pool({ connectionString: server.url }), guard)
})
afterAll(async () => {
  await pool.end()
  await server.stop()
})

async function list(count: number): Promise<string> {
  for (const id of range(count))
    await pool.query(`SELECT relname FROM pg_class WHERE oid = $1 AND relname <> 'secret'`, [id])
  return 'listed'
}

describe('toRepeatNoQuery', () => {
  it('passes up to two times from one call site, or up to its limit', async () => {
    await expect(() => list(2)).toRepeatNoQuery()
    await expect(() => list(7)).toRepeatNoQuery({ limit: 7 })
  })

  it('fails with count, statement, place and the batched form, without a literal', async () => {
    const failing = expect(() => list(3)).toRepeatNoQuery()
    await expect(failing).rejects.toThrow(
      /expected no statement to be sent more than 2 times from one call site\n {2}3× {2}SELECT relname FROM pg_class WHERE oid = \? AND relname <> \?\n +by list \(test\/integration\/core\/repeated\/matcher\.test\.ts:\d+:\d+\)\n +instead .*WHERE oid = ANY\(\$1\)/,
    )
    await expect(failing).rejects.not.toThrow(/secret/)
  })

  it('is as exact for the first function as for the last', async () => {
    const two = async (): Promise<void> => {
      await pool.query('SELECT relkind FROM pg_class WHERE oid = $1', [1])
      for (const id of range(2)) await pool.query('SELECT relkind FROM pg_class WHERE oid = $1', [id])
    }
    await pool.query('SELECT relkind FROM pg_class WHERE oid = $1', [1])
    for (const _ of range(3)) await expect(two).toRepeatNoQuery()
    await expect(two).not.toRepeatNoQuery({ limit: 1 })
  })

  it('can be turned round', async () => {
    await expect(() => list(3)).not.toRepeatNoQuery()
    await expect(expect(() => list(2)).not.toRepeatNoQuery()).rejects.toThrow(
      'expected a statement to be sent more than 2 times from one call site, and none was',
    )
  })

  it('looks into the scopes of requests, each on its own', async () => {
    const app = new Hono()
      .use(requestScope())
      .get('/lists/:count', async (context) => context.text(await list(Number(context.req.param('count')))))
    await expect(async () => {
      for (const _ of range(5)) await app.request('/lists/2')
    }).toRepeatNoQuery()
    await expect(() => app.request('/lists/3')).not.toRepeatNoQuery()
    await expect(() => withRequestScope(() => list(3))).not.toRepeatNoQuery()
    const injected = fastify()
    injected.register(ofFastify())
    injected.get<{ Params: { count: string } }>('/lists/:count', ({ params }) => list(Number(params.count)))
    await expect(async () => {
      for (const _ of range(5)) await injected.inject('/lists/2')
    }).toRepeatNoQuery()
    await expect(() => injected.inject('/lists/3')).not.toRepeatNoQuery()
    await injected.close()
  })

  it('ignores statements that other code sends at the same time', async () => {
    await Promise.all([expect(() => list(2)).toRepeatNoQuery(), expect(() => list(2)).toRepeatNoQuery(), list(20)])
  })

  it('takes the place of the guard, which logs nothing of it', async () => {
    await expect(() => list(30)).not.toRepeatNoQuery()
    expect([logged, guard.stats().repeatedQueries]).toEqual([[], 0])
  })

  it("passes on an error of the application's own", async () => {
    await expect(expect(() => pool.query('SELECT 1/0')).toRepeatNoQuery()).rejects.toThrow('division by zero')
    await expect(
      expect(() => {
        throw new Error('no such order')
      }).toRepeatNoQuery(),
    ).rejects.toThrow('no such order')
  })

  it('refuses what is no function, and what is no limit', async () => {
    await expect(expect('SELECT 1').toRepeatNoQuery()).rejects.toThrow('must be a function that sends statements')
    await expect(expect(() => list(1)).toRepeatNoQuery({ limit: 0 })).rejects.toThrow(
      'toRepeatNoQuery(): limit must be a number of times, 1 or more',
    )
    await expect(expect(() => list(1)).toRepeatNoQuery({ limt: 3 } as object)).rejects.toThrow("did you mean 'limit'?")
  })
})
