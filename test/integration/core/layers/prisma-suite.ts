import { guardPool } from '@poolsafe/pg'
import { guardAdapter, poolsafe, type AdapterFactory } from '@poolsafe/prisma'
import type { Guard, GuardOptions, QueryEvent } from '@poolsafe/core'
import type { PgBouncerServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PrismaClient } from '../../../generated/prisma7/client.ts'
import { startDatabase, type Database } from '../../../support/prisma/database.ts'
import type { Subject } from '../../../support/prisma/subject.ts'
import { watchedGuard } from './harness.ts'
import { startPgBouncer } from '../../../support/servers/pgbouncer.ts'

/** Operation and summary; the rows, or of a failure the SQLSTATE. */
type Told = readonly [operation: string | undefined, summary: string, outcome: number | string | undefined]

interface Work {
  readonly send: (prisma: PrismaClient) => Promise<unknown>
  readonly told: readonly Told[]
  /** Whichever is answered first. */
  readonly isUnordered?: true
}

const swallow = (answer: Promise<unknown>): Promise<unknown> => answer.catch(() => undefined)
const user = 'public.User'
const begin: Told = ['$transaction', 'BEGIN', undefined]
const commit: Told = ['$transaction', 'COMMIT', undefined]

const works: Record<string, Work> = {
  'operations of models': {
    send: async (prisma) => {
      await prisma.user.findMany()
      await prisma.user.create({ data: { email: 'eve@example.test' }, select: { id: true } })
      await prisma.$executeRaw`UPDATE "User" SET name = ${'new'}`
      await prisma.user.deleteMany()
      await prisma.post.count()
    },
    told: [
      ['User.findMany', `SELECT ${user}`, 2],
      ['User.create', `INSERT ${user}`, 1],
      ['$executeRaw', 'UPDATE User', 3],
      ['User.deleteMany', `DELETE ${user}`, 3],
      ['Post.count', 'SELECT public.Post', 1],
    ],
  },
  'raw statements, one of which fails': {
    send: async (prisma) => {
      await prisma.$queryRaw`SELECT ${1}::int AS one`
      await swallow(prisma.$executeRawUnsafe('SELECT 1 / 0'))
    },
    told: [
      ['$queryRaw', 'SELECT', 1],
      ['$executeRawUnsafe', 'SELECT', '22012'],
    ],
  },
  'an operation of several statements': {
    send: (prisma) => prisma.user.findMany({ include: { posts: true } }),
    told: [
      ['User.findMany', `SELECT ${user}`, 2],
      ['User.findMany', 'SELECT public.Post', 0],
    ],
  },
  'operations side by side': {
    send: (prisma) => Promise.all([prisma.user.count(), prisma.tag.count()]),
    told: [
      ['User.count', `SELECT ${user}`, 1],
      ['Tag.count', 'SELECT public.Tag', 1],
    ],
    isUnordered: true,
  },
  'an array': {
    send: (prisma) => prisma.$transaction([prisma.user.count(), prisma.tag.count()]),
    told: [
      ['$transaction', 'BEGIN', undefined],
      ['$transaction', `SELECT ${user}`, 1],
      ['$transaction', 'SELECT public.Tag', 1],
      ['$transaction', 'COMMIT', undefined],
    ],
  },
  'a transaction': {
    send: (prisma) => prisma.$transaction(async (tx) => await tx.user.findMany()),
    told: [begin, ['User.findMany', `SELECT ${user}`, 2], commit],
  },
  'a transaction that fails': {
    send: (prisma) => swallow(prisma.$transaction(async (tx) => await tx.$queryRaw`SELECT 1 / 0`)),
    told: [begin, ['$queryRaw', 'SELECT', '22012'], ['$transaction', 'ROLLBACK', undefined]],
  },
}

interface Setup {
  readonly name: string
  /** The pool is given, and guarded itself. */
  readonly isGiven?: boolean
  /** A driver adapter whose driver exposes no pool of node-postgres. */
  readonly isOther?: boolean
  readonly isPooled?: boolean
}

const setups: readonly Setup[] = [
  { name: 'over a pool of its own' },
  { name: 'over a guarded pool', isGiven: true },
  { name: 'over another driver adapter', isOther: true },
  { name: 'behind PgBouncer', isPooled: true },
]

/** The reports that poolsafe must make with every version of Prisma. */
export function describeObserved(subject: Subject): void {
  let database: Database
  let pooler: PgBouncerServer
  beforeAll(async () => {
    database = await startDatabase()
    const { port, password } = new URL(database.url)
    pooler = await startPgBouncer({ target: { port: Number(port), user: 'postgres', password, database: 'postgres' } })
  })
  beforeEach(async () => {
    await database.reset()
    const client = new pg.Client({ connectionString: database.url, application_name: 'admin' })
    await client.connect()
    await client.query(`INSERT INTO "User" (email) VALUES ('ann@example.test'), ('bob@example.test')`)
    await client.end()
  })
  afterAll(async () => {
    await pooler.stop()
    await database.stop()
  })

  /** An adapter, and what closes what it was given. */
  function factoryOf(
    { isGiven, isOther, isPooled }: Setup,
    guard: Guard,
  ): [AdapterFactory, close: () => Promise<void>] {
    const config = { connectionString: isPooled === true ? pooler.url : database.url, max: 2 }
    if (isGiven === true) {
      const pool = guardPool(new pg.Pool(config), guard)
      return [new subject.PrismaPg(pool), () => pool.end()]
    }
    const factory: AdapterFactory = new subject.PrismaPg(config)
    const connect = factory.connect.bind(factory)
    if (isOther === true)
      factory.connect = async () => Object.assign(await connect(), { underlyingDriver: () => undefined })
    return [factory, async () => {}]
  }

  async function observed(
    setup: Setup,
    send: Work['send'],
    options: GuardOptions = {},
  ): Promise<{ readonly events: readonly QueryEvent[]; readonly received: readonly string[] }> {
    const { guard, events } = watchedGuard(options)
    const [factory, close] = factoryOf(setup, guard)
    const adapter = guardAdapter(factory, guard) as never
    const prisma = new subject.PrismaClient({ adapter }).$extends(poolsafe(guard)) as unknown as PrismaClient
    const received = await database.received(() => send(prisma))
    await prisma.$disconnect()
    await close()
    const stats = guard.stats()
    expect([stats.totalQueries, stats.totalErrors]).toEqual([
      events.length,
      events.filter(({ failed }) => failed).length,
    ])
    return { events, received }
  }

  describe.each(setups)(`${subject.name} $name`, (setup) => {
    it.each(Object.entries(works))('%s: each statement is told once', async (_name, { send, told, isUnordered }) => {
      const { events, received } = await observed(setup, send)
      const shown = events.map(({ operation, summary, rows, failed, sqlState }) => [
        operation,
        summary,
        failed ? (sqlState ?? 'failed') : rows,
      ])
      if (isUnordered === true) expect(new Set(shown)).toEqual(new Set(told))
      else expect(shown).toEqual(told)
      if (setup.isPooled !== true) expect(received).toHaveLength(told.length)
    })

    it('reports the layer and the pool', async () => {
      const { events } = await observed(setup, (prisma) => prisma.user.findMany())
      expect(events.map(({ layer }) => layer)).toEqual(['prisma'])
      expect(events.map(({ pool }) => pool !== undefined)).toEqual([setup.isOther !== true])
    })

    it('reports the age of a transaction', async () => {
      const { events } = await observed(setup, (prisma) => prisma.$transaction(async (tx) => await tx.user.findMany()))
      expect(events.map(({ transactionMillis }) => transactionMillis !== undefined)).toEqual([false, true, true])
    })

    it('reports nothing with `observe: false`, and gives the same answers', async () => {
      let users: unknown
      const { events } = await observed(setup, async (prisma) => (users = await prisma.user.findMany()), {
        observe: false,
      })
      expect(events).toEqual([])
      expect(users).toHaveLength(2)
    })
  })

  it('an unhandled failure stays unhandled, and an error stays the same object', async () => {
    const { guard } = watchedGuard()
    const failure = new Error('the driver failed')
    const adapter = {
      queryRaw: (_statement: unknown) => Promise.reject(failure),
      executeRaw: (_statement: unknown) => Promise.reject(failure),
      executeScript: (_script: string) => Promise.reject(failure),
      startTransaction: () => Promise.reject(failure),
    }
    const factory = guardAdapter(
      { provider: 'postgres', adapterName: 'failing', connect: async () => ({ ...adapter }) },
      guard,
    )
    const connected = await factory.connect()
    for (const answer of [
      connected.queryRaw({ sql: 'SELECT 1' }),
      connected.executeRaw({ sql: 'SELECT 2' }),
      connected.executeScript('SELECT 3'),
      connected.startTransaction(),
    ]) {
      await expect(answer).rejects.toBe(failure)
    }
    expect(guard.stats().totalErrors).toBe(4)
    const unhandled: unknown[] = []
    const others = process.listeners('unhandledRejection')
    process.removeAllListeners('unhandledRejection').once('unhandledRejection', (reason) => void unhandled.push(reason))
    void connected.queryRaw({ sql: 'SELECT 4' })
    await new Promise((resolve) => setTimeout(resolve, 10))
    for (const listener of others) process.on('unhandledRejection', listener)
    expect(unhandled).toEqual([failure])
  })
}
