import { allow, createGuard, poolers, rules, type Guard, type RuleId } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { guardAdapter, poolsafe } from '@poolsafe/prisma'
import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import { PrismaPg } from '@prisma/adapter-pg'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import Cursor from 'pg-cursor'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { PrismaClient } from '../generated/prisma7/client.ts'
import { probes } from '../support/session/snapshot.ts'
import { run, scopeAt, statementsOf, tables, type Place } from './application-of-remedies.ts'

// Each remedy of each rule, as it stands in the documentation, is run as code in strict mode: it works, nothing is
// found, nothing is left.

/** Why a remedy is not run here. */
const unproved: { readonly [Id in RuleId]?: string } = {
  'session/hypothetical-index':
    'needs hypopg, which no npm package of PostgreSQL has; npm run proofs runs its examples',
}

let server: PostgresServer
let template: pg.Client
let made = 0

beforeAll(async () => {
  // A backup begins with a checkpoint, which takes its time otherwise.
  server = await startPostgres({ settings: { wal_level: 'logical', checkpoint_completion_target: '0' } })
  const admin = new pg.Client(server.url)
  await admin.connect()
  await admin.query(tables)
  await admin.end()
  template = new pg.Client(server.url.replace(/\/[^/?]*(\?|$)/, '/template1$1'))
  await template.connect()
  // A remedy names the database of the application.
  await template.query('CREATE DATABASE app')
})
afterAll(async () => {
  await template.end()
  await server.stop()
})

/** A separate database for each remedy. */
let url: string
beforeEach(async () => {
  const name = `remedy_${++made}`
  const source = new URL(server.url).pathname.slice(1)
  await template.query(`CREATE DATABASE ${name} TEMPLATE "${source}"`)
  const changed = new URL(server.url)
  changed.pathname = `/${name}`
  url = changed.href
})

/** Returns the state of the session of a pool of one. */
async function stateOf(on: Pick<pg.Pool, 'query'>): Promise<string> {
  const look = allow('session/replication-origin', 'only looks', () => on.query({ text: probes(''), rowMode: 'array' }))
  return JSON.stringify((await look).rows)
}

/** Runs on a pool of one in strict mode, and looks into its session before and after. */
async function leavesNothing(work: (pool: pg.Pool, guard: Guard) => Promise<void>): Promise<void> {
  const guard = createGuard({ mode: 'strict' })
  const pool = guardPool(new pg.Pool({ connectionString: url, max: 1 }), guard)
  const before = await stateOf(pool)
  await work(pool, guard)
  expect(await stateOf(pool)).toBe(before)
  if (!pool.ended) await pool.end()
}

/** Runs with a pool of one on the unpooled URL, in strict mode, and looks into its session before and after. */
async function onDirect(work: (direct: pg.Pool) => Promise<void>): Promise<void> {
  const guard = createGuard({ mode: 'strict', pooler: poolers.direct() })
  const direct = guardPool(new pg.Pool({ connectionString: url, max: 1 }), guard)
  const before = await stateOf(direct)
  await work(direct)
  expect(await stateOf(direct)).toBe(before)
  await direct.end()
}

async function runAt(
  layer: Place['layer'],
  guard: Guard,
  code: string,
  handles: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { scope, close } = scopeAt({ layer, url, guard })
  await run(code, { ...scope, ...handles })
  await close()
}

function openKysely(pool: pg.Pool, guard: Guard): Kysely<unknown> {
  return new Kysely({ dialect: guardDialect(new PostgresDialect({ pool, cursor: Cursor }), guard) })
}

function openPrisma(pool: pg.Pool, guard: Guard): PrismaClient {
  const adapter = guardAdapter(new PrismaPg(pool), guard)
  return new PrismaClient({ adapter }).$extends(poolsafe(guard)) as unknown as PrismaClient
}

/** Prisma sends BEGIN and COMMIT itself. What is outside of them is sent alone. */
async function sendByPrisma(prisma: PrismaClient, statements: readonly string[]): Promise<void> {
  const rest = [...statements]
  for (let next = rest.shift(); next !== undefined; next = rest.shift()) {
    if (!next.startsWith('BEGIN')) await prisma.$executeRawUnsafe(next)
    else {
      const inside = rest.splice(0, rest.indexOf('COMMIT'))
      rest.shift()
      await prisma.$transaction(async (tx) => {
        for (const statement of inside) await tx.$executeRawUnsafe(statement)
      })
    }
  }
}

const cases = rules.filter(({ id }) => unproved[id] === undefined)
const written = (layer: 'sql' | 'pg' | 'kysely' | 'prisma'): { id: RuleId; code: string }[] =>
  cases.flatMap(({ id, remedy: { [layer]: code } }) => (code === undefined ? [] : [{ id, code }]))

describe('the remedy in SQL leaves nothing', () => {
  it.each(written('sql'))('of $id through pg', ({ code }) =>
    leavesNothing(async (pool) => {
      const client = await pool.connect()
      for (const statement of statementsOf(code, url)) await client.query(statement)
      client.release()
    }),
  )

  it.each(written('sql'))('of $id through Kysely', ({ code }) =>
    leavesNothing((pool, guard) =>
      openKysely(pool, guard)
        .connection()
        .execute(async (connection) => {
          for (const statement of statementsOf(code, url)) await sql.raw(statement).execute(connection)
        }),
    ),
  )

  it.each(written('sql'))('of $id through Prisma', ({ code }) =>
    leavesNothing(async (pool, guard) => {
      const prisma = openPrisma(pool, guard)
      await sendByPrisma(prisma, statementsOf(code, url))
      await prisma.$disconnect()
    }),
  )
})

describe('the remedy as code runs with values from outside and leaves nothing', () => {
  it.each(written('pg'))('of $id through pg', ({ code }) =>
    leavesNothing(async (pool, guard) => {
      const isHeld = code.includes('client.') && !code.includes('const client')
      const client = isHeld ? await pool.connect() : undefined
      await runAt('pg', guard, code, { pool, ...(client !== undefined && { client }) })
      client?.release()
    }),
  )

  it.each(written('kysely'))('of $id through Kysely', ({ code }) =>
    leavesNothing((pool, guard) => {
      const isOpenedHere = /^const db = /m.test(code)
      const own = { pool: new pg.Pool({ connectionString: url, max: 1 }) }
      return runAt('kysely', guard, code, isOpenedHere ? own : { db: openKysely(pool, guard) })
    }),
  )

  it.each(written('prisma'))('of $id through Prisma', ({ code }) =>
    leavesNothing(async (pool, guard) => {
      const prisma = openPrisma(pool, guard)
      await runAt('prisma', guard, code, { prisma })
      await prisma.$disconnect()
    }),
  )
})

const helped = (layer: 'pg' | 'kysely' | 'prisma'): { id: RuleId; name: string; code: string }[] =>
  cases.flatMap(({ id, helpers = [] }) =>
    helpers.flatMap(({ helper: { name }, code: { [layer]: code } }) =>
      code === undefined ? [] : [{ id, name, code }],
    ),
  )

describe('the helper runs with values from outside and leaves nothing', () => {
  it.each(helped('pg'))('$name for $id through pg', ({ code }) =>
    leavesNothing(async (pool, guard) => {
      const isOpenedHere = code.startsWith('const pool = ')
      await onDirect((direct) => runAt('pg', guard, code, { direct, ...(!isOpenedHere && { pool }) }))
    }),
  )

  it.each(helped('kysely'))('$name for $id through Kysely', ({ code }) =>
    leavesNothing((pool, guard) => {
      const isOpenedHere = code.startsWith('const db = ')
      return runAt(
        'kysely',
        guard,
        code,
        isOpenedHere ? { pool: new pg.Pool({ connectionString: url, max: 1 }) } : { db: openKysely(pool, guard) },
      )
    }),
  )

  it.each(helped('prisma'))('$name for $id through Prisma', ({ code }) =>
    leavesNothing(async (pool, guard) => {
      const prisma = openPrisma(pool, guard)
      await runAt('prisma', guard, code, { prisma })
      await prisma.$disconnect()
    }),
  )
})

describe('every helper', () => {
  it.each(cases.flatMap(({ id, helpers = [] }) => helpers.map((use) => ({ id, name: use.helper.name, use }))))(
    '$name for $id has code for each of its packages',
    ({ use: { helper, code } }) => expect(Object.keys(code).toSorted()).toEqual(helper.packages.toSorted()),
  )
})

describe('code that is not run', () => {
  it('is a rule that exists, and every other rule has a remedy that is run', () => {
    expect(Object.keys(unproved).filter((id) => !rules.some((rule) => rule.id === id))).toEqual([])
    expect(cases.filter(({ remedy }) => Object.keys(remedy).length === 0)).toEqual([])
  })
})
