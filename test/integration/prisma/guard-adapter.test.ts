import { createGuard, InvalidOptionError } from '@poolsafe/core'
import { engineOf } from '@poolsafe/core/adapter'
import { guardAdapter } from '@poolsafe/prisma'
import { PrismaPg } from '@prisma/adapter-pg'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { PrismaClient } from '../../generated/prisma7/client.ts'
import { shareDatabase, type SharedDatabase } from '../../support/prisma/database.ts'
import { failureOf, watchedGuard } from '../../support/prisma/guarded.ts'

const unconnected = { connectionString: 'postgresql://nobody@127.0.0.1:1/nothing' }

/** A third-party driver adapter, with private state and its own symbol. */
const label = Symbol('label')
class CountingPg extends PrismaPg {
  readonly [label] = 'counting'
  #connects = 0

  override connect(): ReturnType<PrismaPg['connect']> {
    this.#connects++
    return super.connect()
  }

  get connects(): number {
    return this.#connects
  }
}

describe('guardAdapter', () => {
  it('returns the factory itself, in its own type', () => {
    const factory = new PrismaPg(unconnected)
    const guard = createGuard()
    const guarded = guardAdapter(factory, guard)
    expect(guarded).toBe(factory)
    expect(engineOf(factory)).toBe(engineOf(guard))
    expectTypeOf(guarded).toEqualTypeOf<PrismaPg>()
  })

  it('adds nothing that is enumerable', () => {
    expect(Object.keys(guardAdapter(new PrismaPg(unconnected)))).toEqual(Object.keys(new PrismaPg(unconnected)))
  })

  it('leaves a factory alone with mode off', () => {
    const factory = new PrismaPg(unconnected)
    expect(guardAdapter(factory, { mode: 'off' })).toBe(factory)
    expect(Reflect.ownKeys(factory)).toEqual(Reflect.ownKeys(new PrismaPg(unconnected)))
  })

  it('adds no optional method to a factory that lacks it', () => {
    const whole = new PrismaPg(unconnected)
    const factory = { provider: whole.provider, adapterName: whole.adapterName, connect: () => whole.connect() }
    expect(Object.keys(guardAdapter(factory))).toEqual(['provider', 'adapterName', 'connect'])
  })

  it.each([
    ['nothing', undefined, /such as new PrismaPg\(.*\); got undefined$/],
    ['a connection string', 'postgresql://', /such as new PrismaPg\(.*\); got a string$/],
    ['a pool', { connect: (): void => {} }, /such as new PrismaPg\(.*\); got an object$/],
    [
      'the adapter of another database',
      { provider: 'sqlite', adapterName: 'x', connect: (): void => {} },
      /must be 'postgres'; got 'sqlite'$/,
    ],
  ])('refuses %s', (_, given, message) => {
    const attempt = (): unknown => guardAdapter(given as unknown as PrismaPg)
    expect(attempt).toThrow(InvalidOptionError)
    expect(attempt).toThrow(message)
  })

  it('refuses options that do not exist', () => {
    expect(() => guardAdapter(new PrismaPg(unconnected), { mod: 'warn' } as object)).toThrow(InvalidOptionError)
  })
})

describe('a guarded adapter', () => {
  let database: SharedDatabase
  beforeAll(async () => {
    database = await shareDatabase()
  })
  afterAll(() => database.stop())

  it('keeps private fields, accessors, symbols and the class of its factory', async () => {
    const { guard, findings } = watchedGuard('warn')
    const factory = guardAdapter(new CountingPg({ connectionString: database.url }), guard)
    const prisma = new PrismaClient({ adapter: factory })
    await prisma.$executeRaw`LISTEN orders`
    await prisma.$disconnect()
    expect(factory).toBeInstanceOf(CountingPg)
    expect(factory[label]).toBe('counting')
    expect(factory.connects).toBe(1)
    expect(findings).toHaveLength(1)
  })

  it('stays healthy when Prisma disconnects, as the next query makes a pool again', async () => {
    const { guard } = watchedGuard('warn')
    const prisma = new PrismaClient({ adapter: guardAdapter(new PrismaPg({ connectionString: database.url }), guard) })
    for (let times = 0; times < 2; times++) {
      await prisma.$queryRaw`SELECT 1`
      expect(guard.stats().pools).toHaveLength(1)
      await prisma.$disconnect()
      expect(await guard.health()).toMatchObject({
        healthy: true,
        problems: [],
        pools: [],
        notes: [expect.stringContaining('no pool')],
      })
    }
  })

  it('is guarded once, however often its factory is', async () => {
    const { guard, findings } = watchedGuard('warn')
    const factory = guardAdapter(guardAdapter(new PrismaPg({ connectionString: database.url }), guard), guard)
    const adapter = await factory.connect()
    await adapter.executeRaw({ sql: 'LISTEN orders', args: [], argTypes: [] })
    await adapter.dispose()
    expect(engineOf(adapter)).toBe(engineOf(guard))
    expect(findings).toHaveLength(1)
  })

  it('rejects, and throws nothing at once', async () => {
    const adapter = await guardAdapter(new PrismaPg({ connectionString: database.url }), { mode: 'strict' }).connect()
    const listen = { sql: 'LISTEN orders', args: [], argTypes: [] }
    const attempts = [
      adapter.queryRaw(listen),
      adapter.executeRaw(listen),
      adapter.executeScript('SELECT 1; LISTEN orders'),
    ]
    for (const attempt of attempts)
      await expect(attempt).rejects.toMatchObject({ name: 'UnsafeStatementError', rule: 'session/listen' })
    await adapter.dispose()
  })

  it('runs scripts, and a database of its own for Prisma Migrate', async () => {
    const { guard, findings } = watchedGuard('warn')
    const shadow = await guardAdapter(new PrismaPg({ connectionString: database.url }), guard).connectToShadowDb()
    await shadow.executeScript('CREATE TABLE a (id integer); LISTEN orders;')
    const result = await shadow.queryRaw({ sql: 'SELECT count(*)::integer FROM a', args: [], argTypes: [] })
    await shadow.dispose()
    expect(result.rows).toEqual([[0]])
    expect(findings).toHaveLength(1)
  })

  it('keeps the optional methods of transactions, which send through the guard', async () => {
    const adapter = await guardAdapter(new PrismaPg({ connectionString: database.url }), { mode: 'strict' }).connect()
    const transaction = await adapter.startTransaction('SERIALIZABLE')
    await transaction.createSavepoint?.('here')
    await expect(transaction.executeRaw({ sql: 'SELECT pg_advisory_lock(1)', args: [], argTypes: [] })).rejects.toThrow(
      'session/advisory-lock',
    )
    await transaction.rollbackToSavepoint?.('here')
    await transaction.executeRaw({ sql: 'COMMIT', args: [], argTypes: [] })
    await transaction.commit()
    await adapter.dispose()
  })

  it('passes on what connecting fails with', async () => {
    const failure = (adapter: PrismaPg): Promise<unknown> => failureOf(() => new PrismaClient({ adapter }).user.count())
    const plain = await failure(new PrismaPg(unconnected))
    expect(plain).toMatchObject({ code: 'P1001' })
    const unbounded = guardAdapter(new PrismaPg(unconnected), undefined, { acquireTimeoutMillis: Infinity })
    expect(await failure(unbounded)).toEqual(plain)
    const bounded = guardAdapter(new PrismaPg(unconnected), undefined, { acquireTimeoutMillis: 100 })
    expect(await failure(bounded)).toMatchObject({
      name: 'AcquireTimeoutError',
      likelyCause: 'serverRefuses',
      cause: { code: 'ECONNREFUSED' },
    })
  })

  it('judges without the extension, too', async () => {
    const prisma = new PrismaClient({
      adapter: guardAdapter(new PrismaPg({ connectionString: database.url }), { mode: 'strict' }),
    })
    const error = await failureOf(() => prisma.$executeRaw`LISTEN orders`)
    await prisma.$disconnect()
    expect(error).toMatchObject({ name: 'UnsafeStatementError', rule: 'session/listen', operation: undefined })
  })
})
