import { engineOf } from '../../guard/brand.ts'
import { noLosses } from '../../checkout/loss.ts'
import { describe, expect, it } from 'vitest'
import { InvalidOptionError } from '../../errors.ts'
import { createGuard, type Guard } from '../../guard/guard.ts'
import { Measures } from '../../checkout/statistics.ts'
import type { PoolTrouble } from '../../checkout/pool-trouble.ts'
import type { HealthOptions } from './health-options.ts'
import type { ObservedPool, PoolReport } from '../pools/pool-report.ts'

const noTrouble: PoolTrouble = {
  longestWaitMillis: 0,
  timedOut: 0,
  queueFull: 0,
  deadlocks: 0,
  leaks: [],
  leaksNow: 0,
  connectFailure: undefined,
}

interface Facts extends Partial<ObservedPool> {
  readonly now?: Partial<Pick<PoolReport, 'size' | 'idle' | 'active' | 'waiting'>>
  readonly wrong?: Partial<PoolTrouble>
}

function poolWith({ now, wrong, ...acts }: Facts): ObservedPool {
  const numbers = { max: 2, size: 1, idle: 1, active: 0, waiting: 0, ...now }
  const { acquireWait, use, waits, uses, poolerWait, ...counts } = new Measures().statistics(numbers, {
    leaks: 0,
    deadlocks: 0,
    connectionsLost: noLosses(),
  })
  const server = { address: 'db.internal', port: 5432, database: 'shop' }
  const limits = { acquireTimeoutMillis: 5000, connectTimeoutMillis: null, maxWaiting: null }
  const heldThroughout = { running: 0, unread: 0, idleInTransaction: 0, idle: 0, unknown: 0 }
  const holder = {
    heldMillis: 12_400,
    operation: 'Order.pay',
    callSite: 'src/orders.ts:12:3',
    activity: 'idleInTransaction',
  } as const
  return {
    name: 'main',
    report: () => ({ name: 'main', server, ...counts, max: 2, ...limits, acquireWait, use, waits, uses, poolerWait }),
    state: () => ({
      ...numbers,
      connecting: 0,
      inHook: 0,
      inPassword: 0,
      holders: numbers.active === 0 ? [] : [holder],
      heldThroughout,
    }),
    trouble: () => ({ ...noTrouble, ...wrong }),
    ask: () => Promise.resolve([]),
    open: () => undefined,
    ...acts,
  }
}

/** A guard with these pools. They are held by what is returned. */
function guardOf(...pools: readonly ObservedPool[]): {
  readonly guard: Guard
  readonly pools: readonly ObservedPool[]
} {
  const guard = createGuard()
  for (const pool of pools) engineOf(guard).pools.add(pool)
  return { guard, pools }
}

async function reasonsOf(facts: Facts, options?: HealthOptions): Promise<readonly string[]> {
  const { guard, pools } = guardOf(poolWith(facts))
  const { reasons } = await guard.health(options)
  expect(pools).toHaveLength(1)
  return reasons
}

describe('the health of a guard', () => {
  it('is good, and says so, where no pool is known', async () => {
    expect(await createGuard().health()).toMatchObject({
      healthy: true,
      problems: [],
      reasons: [],
      notes: [expect.stringContaining('no pool is known')],
      poolInfo: 'no pool',
      pools: [],
    })
  })

  it('is plain data with the numbers of its pools, and tells each of them in a line', async () => {
    const { guard, pools } = guardOf(poolWith({}), poolWith({}))
    const health = await guard.health()
    expect(health).toMatchObject({
      healthy: true,
      poolInfo:
        'main: Limit: 2, Pool Timeout: 5s, Connect Timeout: never; main: Limit: 2, Pool Timeout: 5s, Connect Timeout: never',
      notes: [],
    })
    expect(health.pools).toHaveLength(pools.length)
    expect(health.pools[0]).toMatchObject({ name: 'main', idle: 1, ping: { outcome: 'answered' } })
    expect(new Date(health.timestamp).toISOString()).toBe(health.timestamp)
    expect(JSON.parse(JSON.stringify(health))).toEqual(health)
  })

  const exhausted = {
    now: { size: 2, idle: 0, active: 2, waiting: 3 },
    wrong: { longestWaitMillis: 4200 },
    ask: () => undefined,
  }

  it.each<[string, Facts, string]>([
    [
      'an exhausted pool',
      exhausted,
      'pool main: all 2 connections are in use and 3 calls wait, the first for 4.2 s; held longest: 12.4 s by Order.pay at src/orders.ts:12:3, idle in a transaction',
    ],
    [
      'a wait though connections may be opened',
      { now: { size: 1, idle: 0, active: 0, waiting: 1 }, wrong: { longestWaitMillis: 4200 }, ask: () => undefined },
      'pool main: 1 call waits, the first for 4.2 s, with 0 of 2 connections in use',
    ],
    [
      'acquire timeouts',
      { wrong: { timedOut: 7 } },
      'pool main: 7 calls timed out waiting for a connection in the last 60.0 s, longer than 5.0 s',
    ],
    [
      'a full queue',
      { wrong: { queueFull: 1 } },
      'pool main: 1 call refused in the last 60.0 s because maxWaiting other calls were already waiting',
    ],
    [
      'a deadlock',
      { wrong: { deadlocks: 1 } },
      'pool main: 1 call deadlocked in the last 60.0 s: each holds a connection and waits for another',
    ],
    [
      'a leak',
      {
        wrong: {
          leaksNow: 1,
          leaks: [{ heldMillis: 61_000, operation: undefined, callSite: 'src/a.ts:1:1', activity: 'idle' }],
        },
      },
      'pool main: a connection is in use for longer than allowed: 61.0 s by src/a.ts:1:1, nothing runs',
    ],
    [
      'a failure to connect that is known',
      {
        wrong: {
          connectFailure: {
            agoMillis: 300,
            failure: { kind: 'unreachable', isTransient: true, why: 'nothing listens', instead: '' },
          },
        },
      },
      'pool main: the last attempt to connect failed, 300 ms ago: nothing listens (unreachable)',
    ],
    [
      'a failure to connect that is not',
      { wrong: { connectFailure: { agoMillis: 300, failure: undefined } } },
      'pool main: the last attempt to connect failed, 300 ms ago: see the error event or the log of the application for the cause',
    ],
    [
      'a statement that fails',
      { ask: () => Promise.reject(Object.assign(new Error('secret'), { code: '42501' })) },
      'pool main: SELECT 1 failed: see the error event or the log of the application for the cause (SQLSTATE 42501)',
    ],
  ])('tells of %s', async (_what, facts, reason) => {
    expect(await reasonsOf(facts)).toEqual([reason])
  })

  it('tells of an answer that does not come', async () => {
    const silent = (): Promise<never> => new Promise(() => {})
    expect(await reasonsOf({ ask: silent }, { pingTimeoutMillis: 5 })).toEqual([
      'pool main: SELECT 1 had no answer within 5 ms',
    ])
  })

  it('asks a pool once at a time, however many ask for it', async () => {
    let asked = 0
    let answer = (): void => {}
    const ask = (): Promise<readonly []> => {
      asked++
      return new Promise((resolve) => (answer = () => resolve([])))
    }
    const { guard } = guardOf(poolWith({ ask }))
    const all = Promise.all([guard.health(), guard.health(), guard.health()])
    answer()
    expect((await all).map(({ healthy }) => healthy)).toEqual([true, true, true])
    expect(asked).toBe(1)
  })

  it('asks another connection where one breaks, and no third', async () => {
    let asked = 0
    const breakFor = (times: number) => (): Promise<readonly []> =>
      asked++ < times ? Promise.reject(new Error('Connection terminated')) : Promise.resolve([])
    expect(await reasonsOf({ ask: breakFor(1) })).toEqual([])
    expect(asked).toBe(2)
    asked = 0
    expect(await reasonsOf({ ask: breakFor(Infinity) })).toEqual([
      expect.stringMatching(/^pool main: SELECT 1 failed: .* \(brokenConnection\)$/),
    ])
    expect(asked).toBe(2)
  })

  it('does not hold an old failure against a pool that answers', async () => {
    const wrong = { connectFailure: { agoMillis: 61_000, failure: undefined } }
    expect(await reasonsOf({ wrong })).toEqual([])
    expect(await reasonsOf({ wrong, ask: () => undefined })).toHaveLength(1)
    expect(await reasonsOf({ wrong, ask: () => undefined }, { connect: false })).toEqual([])
  })

  it('tells what is tolerated, and is good all the same', async () => {
    const { guard } = guardOf(poolWith({ wrong: { timedOut: 1 } }))
    const tolerant = await guard.health({ tolerate: ['acquireTimeout', 'leak'] })
    expect(tolerant).toMatchObject({ healthy: true, problems: ['acquireTimeout'], pools: [{ healthy: true }] })
    expect(await guard.health({ tolerate: ['leak'] })).toMatchObject({ healthy: false })
  })

  it('reports a pool that cannot be looked at, and the others all the same', async () => {
    const broken = poolWith({
      report() {
        throw new Error('secret')
      },
    })
    const { guard } = guardOf(broken, poolWith({}))
    const health = await guard.health()
    expect(health).toMatchObject({ healthy: false, problems: ['unknown'], pools: [{ healthy: true }] })
    expect(health.reasons).toEqual(['pool main: its health is unknown: poolsafe itself failed'])
    expect(JSON.stringify(health)).not.toContain('secret')
  })

  it.each<[object, string]>([
    [{ pingTimeoutMilis: 5 }, "an option of health() is 'pingTimeoutMilis': did you mean 'pingTimeoutMillis'?"],
    [{ pingTimeoutMillis: 0 }, 'pingTimeoutMillis must be a number of milliseconds above 0'],
    [{ pingTimeoutMillis: Infinity }, 'pingTimeoutMillis must be a finite number of milliseconds; got Infinity'],
    [{ recentMillis: 60_001 }, 'recentMillis must be a number of milliseconds above 0 and up to 60000; got 60001'],
    [{ longestWaitMillis: -1 }, 'longestWaitMillis must be a number of milliseconds above 0'],
    [{ connect: 'yes' }, "connect must be true or false; got 'yes'"],
    [{ tolerate: ['leaks'] }, "tolerate is 'leaks': did you mean 'leak'?"],
    [{ tolerate: 'leak' }, 'tolerate must be an array of ended, cannotConnect, '],
  ])('refuses %o, and says what came', async (options, message) => {
    const failure: unknown = await createGuard()
      .health(options as HealthOptions)
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(InvalidOptionError)
    expect(String(failure)).toContain(message)
  })
})
