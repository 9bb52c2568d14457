import { createGuard, poolers } from '@poolsafe/core'
import { guardPool, listen, notify, type Listener, type ListenOptions } from '@poolsafe/pg'
import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'

// Functions of the application that `listen()` calls, and that do what they should not.

let server: PostgresServer
let direct: pg.Pool
let admin: pg.Pool
const listeners: Listener[] = []
const patient = { timeout: 60_000 }

beforeAll(async () => {
  server = await startPostgres()
  admin = new pg.Pool({ connectionString: server.url })
  direct = guardPool(new pg.Pool({ connectionString: server.url }), createGuard({ pooler: poolers.direct() }))
})
afterEach(async () => {
  await Promise.all(listeners.splice(0).map(async (listener) => listener.close()))
})
afterAll(async () => {
  await direct.end()
  await admin.end()
  await server.stop()
})

async function hear(pool: pg.Pool, channel: string, options: ListenOptions): Promise<string[]> {
  const heard: string[] = []
  listeners.push(await listen(pool, { [channel]: (payload) => void heard.push(payload) }, options))
  return heard
}

/** Ends the connection of a listener, once the server shows it. */
async function endListening(channel: string): Promise<void> {
  const end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'LISTEN \"' || $1 || '\"'"
  await vi.waitFor(async () => expect((await admin.query(end, [channel])).rowCount).toBe(1), patient)
}

describe('listen', () => {
  it('names onGap and onError if they fail, and lives on', async () => {
    const warnings: string[] = []
    const note = ({ name, message }: Error): void => void (name === 'PoolsafeWarning' && warnings.push(message))
    process.on('warning', note)
    onTestFinished(() => void process.off('warning', note))
    const fail = (cause: unknown) => (): never => {
      throw cause
    }
    const heard = await hear(direct, 'g1', { onGap: fail(Object.create(null)) })
    await hear(direct, 'g2', { onGap: fail(new Error('1')), onError: fail(new Error('2')) })
    await endListening('g1')
    await endListening('g2')
    await vi.waitFor(() => expect(warnings).toHaveLength(2), patient)
    expect(warnings.toSorted()).toEqual([
      'onError of listen() failed: 2',
      'onGap of listen() failed: an object without text',
    ])
    await notify(admin, 'g1', 'still')
    await vi.waitFor(() => expect(heard).toEqual(['still']), patient)
  })

  it('does not wait for an onGap that never ends', async () => {
    let gaps = 0
    const heard = await hear(direct, 'g3', { onGap: async () => new Promise(() => gaps++) })
    for (const times of [1, 2]) {
      await endListening('g3')
      await vi.waitFor(() => expect(gaps).toBe(times), patient)
    }
    await notify(admin, 'g3', 'still')
    await vi.waitFor(() => expect(heard).toEqual(['still']), patient)
  })
})
