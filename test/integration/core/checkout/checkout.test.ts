import {
  AcquireTimeoutError,
  createGuard,
  isPoolsafeError,
  QueueFullError,
  SelfDeadlockError,
  UnsafeStatementError,
  type CheckoutOptions,
  type GuardOptions,
  type LeakEndEvent,
  type LeakEvent,
} from '@poolsafe/core'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failureOf } from '../../../support/prisma/guarded.ts'
import { insideTransaction, layers, type Layer, type Setup } from '../../../support/layers.ts'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(() => server.stop())

const quiet: GuardOptions = { logger: { warn: () => {} } }

/**
 * Strict mode refuses the call past its transaction as soon as that is certain. Otherwise the deadlock watch finds that
 * every holder waits.
 */
function isNestedCall(error: unknown): boolean {
  if (error instanceof SelfDeadlockError) return error.likelyCause === 'nestedAcquire'
  return error instanceof UnsafeStatementError && error.rule === 'transaction/outside-handle'
}

describe.each(layers)('%s', (_name, open) => {
  async function use<Result>(
    {
      max = 1,
      mode,
      options,
      guard = createGuard({ ...quiet, ...(mode !== undefined && { mode }) }),
    }: Partial<Setup> & { mode?: 'strict' },
    work: (layer: Layer) => Promise<Result>,
  ): Promise<Result> {
    const layer = open({ url: server.url, max, guard, ...(options !== undefined && { options }) })
    try {
      return await work(layer)
    } finally {
      await layer.close()
    }
  }

  it('fails a call that has waited for the limit, and says how the pool stands', async () => {
    const options: CheckoutOptions = { acquireTimeoutMillis: 1000 }
    await use({ options }, async (layer) => {
      const holder = await hold(layer)
      const error = await failureOf(() => layer.query())
      expect(error).toBeInstanceOf(AcquireTimeoutError)
      expect(error).toMatchObject({ max: 1, size: 1, idle: 0, active: 1, waiting: 1, limitMillis: 1000 })
      expect(error).not.toHaveProperty('code')
      expect((error as AcquireTimeoutError).waitedMillis).toBeGreaterThanOrEqual(1000)
      expect((error as AcquireTimeoutError).holders).toMatchObject([{ activity: 'idleInTransaction' }])
      expect(String(error)).toMatch(
        /^AcquireTimeoutError: waited \d+ ms for a connection \(size 1\/1, idle 0, waiting 1\); held longest: /,
      )
      await holder.end()
      await layer.query()
    })
  })

  it('fails a transaction that waits, and gives the connection to the next one', async () => {
    await use({ options: { acquireTimeoutMillis: 1000 } }, async (layer) => {
      const holder = await hold(layer)
      expect(await failureOf(() => insideTransaction(layer, async () => {}))).toBeInstanceOf(AcquireTimeoutError)
      await holder.end()
      expect(await insideTransaction(layer, async () => 'done')).toBe('done')
    })
  })

  it('fails at once where too many wait', async () => {
    await use({ options: { maxWaiting: 1 } }, async (layer) => {
      const holder = await hold(layer)
      const waiting = layer.query()
      await turn()
      const error = await failureOf(() => layer.query())
      expect(error).toBeInstanceOf(QueueFullError)
      expect(error).toMatchObject({ maxWaiting: 1, active: 1, waiting: 1 })
      expect(String(error)).toContain('no connection is free, and 1 calls wait already')
      await holder.end()
      await waiting
    })
  })

  it('reports a call that waits for a connection while it holds the only one', async () => {
    await use({ mode: 'strict' }, async (layer) => {
      // Kysely initialises its driver at its first call, in a separate context.
      await layer.query()
      const error = await failureOf(() => insideTransaction(layer, () => layer.query()))
      expect(isNestedCall(error)).toBe(true)
      await layer.query()
    })
  })

  it('reports calls that each hold one connection and wait for another', async () => {
    await use({ mode: 'strict', max: 3 }, async (layer) => {
      await layer.query()
      const started: true[] = []
      const nested = async (): Promise<unknown> => {
        started.push(true)
        while (started.length < 3) await turn()
        return layer.query()
      }
      const results = await Promise.allSettled([1, 2, 3].map(() => insideTransaction(layer, nested)))
      const refused = results.filter((result) => result.status === 'rejected').map((result) => result.reason as unknown)
      for (const error of refused) expect(isNestedCall(error)).toBe(true)
      expect(refused.length).toBeGreaterThanOrEqual(1)
      // Each refused call has released its connection.
      await Promise.all([1, 2, 3].map(() => layer.query()))
    })
  })

  it('lets calls wait that do not hold what they wait for', async () => {
    await use({ mode: 'strict', max: 2 }, async (layer) => {
      const calls = Array.from({ length: 20 }, () => insideTransaction(layer, () => turn()))
      await Promise.all(calls)
    })
  })

  it('names the line that leaks, from the second time on', async () => {
    const guard = createGuard(quiet)
    const leaks: LeakEvent[] = []
    const ends: LeakEndEvent[] = []
    guard.on('leak', (leak) => void leaks.push(leak))
    guard.on('leakEnd', (end) => void ends.push(end))
    await use({ guard, options: { leakDetectionMillis: 20 } }, async (layer) => {
      for (const times of [1, 2]) {
        const holder = await hold(layer)
        while (leaks.length < times) await turn()
        await holder.end()
      }
    })
    expect(leaks).toMatchObject([{ kind: 'held', callSite: undefined }, { kind: 'held' }])
    expect(ends.map(({ callSite }) => callSite)).toEqual(leaks.map(({ callSite }) => callSite))
    for (const [index, { heldMillis }] of leaks.entries()) {
      expect(heldMillis).toBeGreaterThanOrEqual(20)
      expect(ends[index]?.heldMillis).toBeGreaterThanOrEqual(heldMillis)
    }
  })

  it('reports a transaction in which nothing happens', async () => {
    const guard = createGuard(quiet)
    const leaks: LeakEvent[] = []
    guard.on('leak', (leak) => void leaks.push(leak))
    await use({ guard, options: { idleInTransactionMillis: 20 } }, async (layer) => {
      const holder = await hold(layer)
      while (leaks.length === 0) await turn()
      await holder.end()
    })
    expect(leaks).toMatchObject([{ kind: 'idleInTransaction', activity: 'idleInTransaction' }])
  })

  it('refuses limits that cannot be', () => {
    for (const acquireTimeoutMillis of [-1, 0, Number.NaN, '5', 2 ** 40]) {
      const make = (): Layer =>
        open({ url: server.url, max: 1, guard: createGuard(), options: { acquireTimeoutMillis } as CheckoutOptions })
      expect(make).toThrow('acquireTimeoutMillis must be a number of milliseconds above 0')
    }
  })

  it('passes on errors that poolsafe did not make', async () => {
    const layer = open({ url: server.url.replace(/\/[^/]*$/, '/no_such_database'), max: 1, guard: createGuard(quiet) })
    const error = await failureOf(() => layer.query())
    expect(isPoolsafeError(error)).toBe(false)
    expect(String(error)).toContain('no_such_database')
    await layer.close()
  })
})

interface Hold {
  /** Ends the transaction. */
  end(): Promise<unknown>
}

/** A transaction that stays open until `end()`. */
async function hold(layer: Layer): Promise<Hold> {
  let finish = (): void => {}
  const finished = new Promise<void>((resolve) => {
    finish = resolve
  })
  let running: Promise<unknown> = Promise.resolve()
  await new Promise<void>((started, failed) => {
    // In a separate context, like another request.
    setTimeout(() => {
      running = insideTransaction(layer, () => {
        started()
        return finished
      })
      running.catch(failed)
    }, 0)
  })
  return {
    end: () => {
      finish()
      return running
    },
  }
}
