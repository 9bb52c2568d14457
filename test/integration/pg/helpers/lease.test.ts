import { InvalidOptionError, LeaseLostError, type Lease, type LeaseOptions } from '@poolsafe/core'
import { withLease, withSettings } from '@poolsafe/pg'
import { startPostgres, type PgBouncerServer, type PostgresServer } from '@poolsafe/testing/servers'
import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { strictPool } from '../../../support/strict-pool.ts'
import { aborted } from '../../../support/aborted.ts'
import { startPgBouncer } from '../../../support/servers/pgbouncer.ts'

let server: PostgresServer
let pooler: PgBouncerServer
let direct: pg.Pool
const pools: pg.Pool[] = []
const children: ChildProcess[] = []
beforeAll(async () => {
  server = await startPostgres()
  pooler = await startPgBouncer({ target: server, defaultPoolSize: 3 })
  direct = new pg.Pool({ connectionString: server.url })
  await direct.query('CREATE TABLE written (by text)')
})
beforeEach(async () => {
  await direct.query('DROP TABLE IF EXISTS poolsafe_lease; TRUNCATE written')
})
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await Promise.all(pools.splice(0).map((pool) => pool.end()))
})
afterAll(async () => {
  await direct.end()
  await pooler.stop()
  await server.stop()
})

/** A strict pool through PgBouncer. */
function open(): pg.Pool {
  const pool = strictPool(pooler.url)
  pools.push(pool)
  return pool
}

const long: LeaseOptions = { leaseMillis: 60_000 }

describe('withLease', () => {
  it('creates its table, also for replicas that start together', async () => {
    const all = await Promise.all(
      Array.from({ length: 6 }, () => withLease(open(), 'a', () => Promise.resolve(1), long)),
    )
    expect(all.filter(({ acquired }) => acquired).length).toBeGreaterThan(0)
  })

  it('admits one holder, with numbers that grow', async () => {
    const [one, other] = [open(), open()]
    const fencing: bigint[] = []
    const note = (lease: Lease<unknown>): Promise<void> => Promise.resolve(void fencing.push(lease.fencing))
    const outer = await withLease(
      one,
      'a',
      async (lease) => {
        await note(lease)
        return withLease(other, 'a', note, long)
      },
      long,
    )
    expect(outer).toEqual({ acquired: true, result: { acquired: false } })
    await withLease(other, 'a', note, long)
    await withLease(one, 'b', note, long)
    expect(fencing).toEqual([1n, 2n, 1n])
  })

  it('waits for the holder, and no longer than it is told', async () => {
    const [one, other] = [open(), open()]
    let finish = (): void => {}
    const held = withLease(one, 'a', () => new Promise<void>((resolve) => void (finish = resolve)), long)
    await vi.waitFor(async () => expect(await holders()).toBe(1), { timeout: 60_000 })
    expect(await withLease(other, 'a', () => Promise.resolve(), { ...long, wait: 50 })).toEqual({ acquired: false })
    const waiting = withLease(other, 'a', () => Promise.resolve('mine'), { ...long, wait: 60_000 })
    finish()
    await held
    expect(await waiting).toEqual({ acquired: true, result: 'mine' })
  })

  it('is renewed for as long as the work takes', async () => {
    const options = { leaseMillis: 10_000 }
    const result = await withLease(
      open(),
      'a',
      async ({ signal }) => {
        const { rows: before } = await direct.query<{ at: Date }>('SELECT expires_at AS at FROM poolsafe_lease')
        await vi.waitFor(
          async () => {
            const { rows: after } = await direct.query<{ at: Date }>('SELECT expires_at AS at FROM poolsafe_lease')
            expect(after[0]?.at.getTime()).toBeGreaterThan(before[0]?.at.getTime() as number)
          },
          { timeout: 60_000 },
        )
        return signal.aborted
      },
      options,
    )
    expect(result).toEqual({ acquired: true, result: false })
  })

  it('tells a holder that somebody else has the lease, and refuses its late write', async () => {
    const pool = open()
    let isTold = false
    const lost = withLease(
      pool,
      'a',
      async (lease) => {
        await takeAway('a')
        await expect(writeAs('late', pool, lease)).rejects.toBeInstanceOf(LeaseLostError)
        await aborted(lease.signal)
        isTold = true
      },
      { leaseMillis: 300 },
    )
    await expect(lost).rejects.toBeInstanceOf(LeaseLostError)
    expect(isTold).toBe(true)
    expect((await direct.query('SELECT FROM written')).rowCount).toBe(0)
  })

  it('tells a holder that cannot renew, with the reason', async () => {
    const pool = open()
    const lost = withLease(
      pool,
      'a',
      async ({ signal }) => {
        await direct.query('ALTER TABLE poolsafe_lease RENAME TO away')
        await aborted(signal)
      },
      { leaseMillis: 4000 },
    )
    await expect(lost).rejects.toMatchObject({ name: 'LeaseLostError', cause: { code: '42P01' } })
    await direct.query('DROP TABLE away')
  })

  it('keeps the next holder out until a confirmed transaction ends', async () => {
    const pool = open()
    const order: string[] = []
    await withLease(
      pool,
      'a',
      async (lease) => {
        await withSettings(pool, {}, async (client) => {
          await lease.confirm(client)
          await direct.query("UPDATE poolsafe_lease SET expires_at = 'epoch' WHERE false")
          const next = direct
            .query("UPDATE poolsafe_lease SET expires_at = 'epoch' WHERE key = 'a'")
            .then(() => order.push('next'))
          await vi.waitFor(async () => {
            const { rows } = await direct.query("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
            expect(rows).toHaveLength(1)
          })
          order.push('written')
          setImmediate(() => void next)
        })
      },
      long,
    )
    await vi.waitFor(() => expect(order).toEqual(['written', 'next']))
  })

  it('refuses the late write of a process that was suspended for longer than its lease', async () => {
    const child = spawn(
      process.execPath,
      ['--conditions=@poolsafe/source', new URL('lease-holder.ts', import.meta.url).pathname],
      {
        env: { ...process.env, DATABASE_URL: pooler.url },
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    )
    children.push(child)
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    expect((await lines.next()).value).toBe('holds 1')
    child.kill('SIGSTOP')
    const mine = await withLease(
      open(),
      'a',
      async (lease) => {
        child.kill('SIGCONT')
        child.stdin.write('write\n')
        expect((await lines.next()).value).toBe('write: LeaseLostError')
        return lease.fencing
      },
      { leaseMillis: 60_000, wait: 60_000 },
    )
    expect(mine).toEqual({ acquired: true, result: 2n })
    expect((await lines.next()).value).toBe('end: LeaseLostError')
    expect((await direct.query('SELECT FROM written')).rowCount).toBe(0)
  })

  it('passes the error of the work on, and releases the lease', async () => {
    const pool = open()
    const failure = new Error('no')
    await expect(withLease(pool, 'a', () => Promise.reject(failure), long)).rejects.toBe(failure)
    expect(await holders()).toBe(0)
  })

  it.each<[string, unknown, object]>([
    ['an empty key', '', long],
    ['a number', 5, long],
    ['no leaseMillis', 'a', {}],
    ['a leaseMillis that no heartbeat can keep', 'a', { leaseMillis: 10 }],
    ['an injected table', 'a', { ...long, table: 'a"; DROP TABLE written; --' }],
    ['a wait that is no number', 'a', { ...long, wait: true }],
    ['an unknown option', 'a', { ...long, waitMillis: 1 }],
  ])('refuses %s', async (_, key, options) => {
    const refused = withLease(open(), key as string, () => Promise.resolve(), options as LeaseOptions)
    await expect(refused).rejects.toBeInstanceOf(InvalidOptionError)
  })

  it('refuses a client', async () => {
    const client = await open().connect()
    const refused = withLease(client as unknown as pg.Pool, 'a', () => Promise.resolve(), long)
    await expect(refused).rejects.toBeInstanceOf(InvalidOptionError)
    client.release()
  })
})

async function writeAs(name: string, pool: pg.Pool, lease: Lease<pg.ClientBase>): Promise<void> {
  await withSettings(pool, {}, async (client) => {
    await client.query('INSERT INTO written VALUES ($1)', [name])
    await lease.confirm(client)
  })
}

/** The actions of another holder after the lease has run out. */
async function takeAway(key: string): Promise<void> {
  await direct.query("UPDATE poolsafe_lease SET holder = 'other', fencing = fencing + 1 WHERE key = $1", [key])
}

async function holders(): Promise<number | null> {
  const { rows } = await direct.query<{ table: string | null }>("SELECT to_regclass('poolsafe_lease') AS table")
  if (rows[0]?.table === null) return 0
  return (await direct.query('SELECT FROM poolsafe_lease WHERE expires_at > clock_timestamp()')).rowCount
}
