import { createGuard, poolers, type Guard, type GuardOptions, type RuleId } from '@poolsafe/core'
import { guardSql } from '@poolsafe/postgres-js'
import { formatReport, startHostilePooler, type HostilePoolerServer } from '@poolsafe/testing/hostile'
import { startPgBouncer, type PgBouncerServer } from '@poolsafe/testing/servers'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'

// Public reports about postgres.js behind a pooler, rebuilt: what happens without poolsafe, and what poolsafe says.

let server: SharedPostgres
let bouncer: PgBouncerServer
let hostile: HostilePoolerServer

/** PgBouncer before 1.21 tracks no names of statements. */
const pooler = poolers.pgbouncer({ version: '1.18' })

beforeAll(async () => {
  server = await sharedPostgres()
  // Two server connections in turn, so that clients change theirs.
  bouncer = await startPgBouncer({ target: server, serverRoundRobin: true, defaultPoolSize: 2 })
  hostile = await startHostilePooler({ target: server, pooler: poolers.strictest() })
})

const opened: { end(options?: { timeout?: number }): Promise<void> }[] = []

afterEach(async () => {
  await Promise.all(opened.splice(0).map((sql) => sql.end({ timeout: 1 })))
})

afterAll(async () => {
  await hostile.stop()
  await bouncer.stop()
  await server.stop({ force: true })
})

interface Opened {
  readonly sql: postgres.Sql
  readonly guard: Guard
  readonly found: RuleId[]
}

type DriverOptions = postgres.Options<Record<string, never>>

function open(url: string, options: DriverOptions = {}, given: GuardOptions = {}): Opened {
  const guard = createGuard({ pooler, logger: { warn() {} }, ...given })
  const found: RuleId[] = []
  guard.on('finding', ({ findings }) => void found.push(...findings.map(({ rule }) => rule)))
  const unguarded: postgres.Sql = postgres(url, { max: 1, onnotice() {}, prepare: false, ...options })
  const sql = guardSql(unguarded, guard)
  opened.push(sql)
  return { sql, guard, found }
}

function bare(url: string, options: DriverOptions = {}): postgres.Sql {
  const sql: postgres.Sql = postgres(url, { max: 1, onnotice() {}, ...options })
  opened.push(sql)
  return sql
}

async function errorOf(call: () => unknown): Promise<Error & { code?: string; rule?: string }> {
  try {
    await call()
  } catch (error) {
    return error as Error
  }
  throw new Error('the call has not failed')
}

/** How postgres.js says that a connection is lost. If a query was just being written, the socket's own error comes. */
const lossCodes = ['CONNECTION_CLOSED', '57P01', 'ECONNRESET', 'EPIPE']

/** The loss may reach the next query, or the one after it. */
async function answersAgain(sql: postgres.Sql): Promise<void> {
  for (;;) {
    const outcome: unknown = await sql`SELECT 2 AS two`.catch((error: unknown) => error)
    if (Array.isArray(outcome)) break
    expect(lossCodes).toContain((outcome as { code?: string }).code)
  }
}

const strict = { mode: 'strict' } as const

describe('named statements', () => {
  it('"prepared statement does not exist": postgres.js sends the query again, but not in a transaction', async () => {
    const sql = bare(hostile.url)
    const ask = (turn: number): Promise<unknown> => sql.begin((tx) => tx`SELECT ${turn}::int AS turn`)
    await ask(1)
    expect((await errorOf(() => ask(2))).code).toBe('26000')
    const { sql: unnamed, found } = open(hostile.url, {}, strict)
    for (const turn of [1, 2]) await unnamed.begin((tx) => tx`SELECT ${turn}::int AS turn`)
    expect(found).toEqual([])
  })

  it('are reported when the sql is guarded, and for each statement; prepare: false is silent', async () => {
    const named = open(bouncer.url, { prepare: true })
    expect(named.found).toEqual(['session/named-statement'])
    await named.sql`SELECT ${1}::int`.catch(() => {})
    expect(named.found.length).toBeGreaterThan(1)
    const unnamed = open(hostile.url)
    for (let turn = 0; turn < 3; turn++) await unnamed.sql`SELECT ${turn}::int`
    expect(unnamed.found).toEqual([])
    expect(() => open(bouncer.url, { prepare: true }, strict)).toThrow(/postgres\.js: `prepare: false`/)
  })

  it('by fetch_types: an application that sends only unsafe() still names one statement for each connection', async () => {
    const sql = bare(server.url, { prepare: true })
    await sql.unsafe('SELECT 1')
    expect(await sql.unsafe('SELECT statement FROM pg_prepared_statements')).toHaveLength(1)
    // So the guard reports the option, and not only templates.
    expect(open(bouncer.url, { prepare: true }).found).toEqual(['session/named-statement'])
  })

  it('are silent behind a pooler that tracks names', async () => {
    const { sql, found } = open(
      server.url,
      { prepare: true },
      { ...strict, pooler: poolers.pgbouncer({ version: '1.24' }) },
    )
    await sql`SELECT ${1}::int`
    expect(found).toEqual([])
  })

  it('in a prepared unsafe() are reported', async () => {
    const { sql, found } = open(server.url, { prepare: true }, { rules: { 'session/named-statement': 'warn' } })
    found.length = 0
    await sql.unsafe('SELECT $1::int', [1])
    expect(found).toEqual([])
    await sql.unsafe('SELECT $1::int', [1], { prepare: true })
    expect(found).toEqual(['session/named-statement'])
  })
})

describe('startup parameters', () => {
  it('search_path in `connection`: the login is refused, and poolsafe says why before', async () => {
    const error = await errorOf(() => bare(bouncer.url, { connection: { search_path: 'tenant' } })`SELECT 1`)
    expect(error.message).toContain('unsupported startup parameter')
    expect(open(bouncer.url, { connection: { search_path: 'tenant' } }).found).toEqual(['connection/startup-parameter'])
    const refused = await errorOf(() => open(bouncer.url, { connection: { search_path: 'tenant' } }, strict))
    expect(refused.message).toContain('search_path')
    expect(refused.message).not.toContain("'tenant'")
  })

  it('statement_timeout in the URL is such a parameter too; application_name is none', () => {
    const url = new URL(bouncer.url)
    url.searchParams.set('statement_timeout', '5000')
    expect(open(url.href).found).toEqual(['connection/startup-parameter'])
    expect(open(bouncer.url, { connection: { application_name: 'shop' } }).found).toEqual([])
  })

  it('in subscribe(): replication needs a direct connection', async () => {
    const { sql } = open(bouncer.url, {}, strict)
    expect(await errorOf(() => sql.subscribe('*', () => {}))).toMatchObject({ rule: 'connection/startup-parameter' })
  })
})

describe('session state', () => {
  it('SET outside of a transaction reaches other clients', async () => {
    const before = (await hostile.reports()).length
    const { sql, found } = open(hostile.url)
    await sql`SET app.tenant = ${sql.unsafe("'7'")}`
    expect(found).toEqual(['session/set'])
    const [report] = (await hostile.reports()).slice(before)
    expect(report && formatReport(report)).toContain('left setting app.tenant')
  })

  it('SET of a tenant in sql.begin is refused at COMMIT, SET LOCAL and set_config are not', async () => {
    const { sql } = open(hostile.url, {}, strict)
    const error = await errorOf(() => sql.begin((tx) => [tx`SET app.tenant = '7'`, tx`SELECT 1`]))
    expect(error).toMatchObject({ name: 'UnsafeStatementError', rule: 'session/set' })
    const [row] = await sql.begin(async (tx) => {
      await tx`SELECT set_config('app.tenant', ${'8'}, true)`
      return tx`SELECT current_setting('app.tenant') AS tenant`
    })
    expect(row).toEqual({ tenant: '8' })
  })

  it('a session lock on a reserved connection belongs to the server connection, not to the reservation', async () => {
    const { sql } = open(bouncer.url, {}, strict)
    const reserved = await sql.reserve()
    expect(await errorOf(() => reserved`SELECT pg_advisory_lock(1)`)).toMatchObject({ rule: 'session/advisory-lock' })
    reserved.release()
    await sql.begin((tx) => tx`SELECT pg_advisory_xact_lock(1)`)
  })

  it('LISTEN: no notification arrives, and listen() is refused', async () => {
    const heard: string[] = []
    const listening = bare(hostile.url, { prepare: false })
    await listening.listen('orders', (payload) => void heard.push(payload))
    await bare(hostile.url, { prepare: false }).notify('orders', 'one')
    await sleep(50)
    expect(heard).toEqual([])
    const { sql, found } = open(hostile.url)
    await sql.listen('orders', () => {})
    expect(found).toEqual(['session/listen'])
    const refused = open(hostile.url, {}, strict)
    expect(await errorOf(() => refused.sql.listen('orders', () => {}))).toMatchObject({ rule: 'session/listen' })
  })

  it('listen() on a direct connection hears, and can stop', async () => {
    const { sql, found } = open(server.url, {}, { ...strict, pooler: poolers.direct() })
    const heard = Promise.withResolvers<string>()
    const { unlisten, state } = await sql.listen('orders', heard.resolve)
    expect(state.pid).toBeGreaterThan(0)
    await sql.notify('orders', 'one')
    expect(await heard.promise).toBe('one')
    await unlisten()
    expect(found).toEqual([])
  })

  it('is allowed with a reason', async () => {
    const { sql, guard, found } = open(hostile.url, {}, strict)
    await guard.allow('session/set', 'the role of this application resets it', () => sql`SET app.x = '1'`)
    expect(await errorOf(() => sql`SET app.x = '1'`)).toMatchObject({ rule: 'session/set' })
    expect(found).toEqual(['session/set'])
  })
})

describe('transactions', () => {
  it('unsafe("BEGIN") with max: 1 begins a transaction on a connection that the next caller shares', async () => {
    const { sql, found } = open(server.url)
    await sql.unsafe('BEGIN')
    await sql.unsafe('ROLLBACK')
    expect(found).toContain('transaction/unpinned')
  })

  it('two-phase commit is followed to its end', async () => {
    const { sql, found } = open(server.url, {}, strict)
    const error = await errorOf(() =>
      sql.begin(async (tx) => {
        await tx`SELECT 1`
        await tx.prepare('payment-1')
      }),
    )
    expect(error.message).toMatch(/prepared transactions are disabled/)
    expect(found).toEqual([])
    expect(await sql`SELECT 1 AS one`).toEqual([{ one: 1 }])
  })

  it('state that a savepoint takes back is not left behind', async () => {
    const { sql, found } = open(server.url, {}, strict)
    await sql.begin(async (tx) => {
      await tx
        .savepoint(async (inner) => {
          await inner`SET app.tenant = '7'`
          throw new Error('back')
        })
        .catch(() => {})
      await tx`SELECT 1`
    })
    expect(found).toEqual([])
    const kept = await errorOf(() => sql.begin((tx) => tx.savepoint('s', (inner) => inner`SET app.tenant = '7'`)))
    expect(kept).toMatchObject({ rule: 'session/set' })
  })

  it('a refused query makes the transaction fail, even if nobody awaits it', async () => {
    const { sql } = open(server.url, {}, { ...strict, decideAt: 'statement' })
    const error = await errorOf(() =>
      sql.begin(async (tx) => {
        void tx`SET app.tenant = '7'`.execute()
        await tx`SELECT 1`
      }),
    )
    expect(error.name).toBe('UnsafeStatementError')
    expect(await sql`SELECT 1 AS one`).toEqual([{ one: 1 }])
  })
})

describe('reserved connections', () => {
  it('a second release would give one connection to two callers', async () => {
    const { sql } = open(server.url, {}, strict)
    const reserved = await sql.reserve()
    reserved.release()
    expect((await errorOf(() => reserved.release())).message).toContain('connection/used-after-release')
    expect(await errorOf(() => reserved`SELECT 1`)).toMatchObject({ rule: 'connection/used-after-release' })
    expect(await sql`SELECT 1 AS one`).toEqual([{ one: 1 }])
  })

  it('released inside an open transaction is refused, rolled back, and usable by the next caller', async () => {
    const { sql } = open(server.url, {}, strict)
    const reserved = await sql.reserve()
    await reserved`BEGIN`
    await reserved`CREATE TABLE left_open (id int)`
    expect((await errorOf(() => reserved.release())).message).toContain('transaction/left-open')
    expect(await sql`SELECT to_regclass('left_open') AS found`).toEqual([{ found: null }])
  })
})

describe('lost connections', () => {
  it('CONNECTION_CLOSED after idle: the error reaches its caller, the process goes on, and the next query works', async () => {
    let onclose = (): void => {}
    const { sql, guard } = open(server.url, { onclose: () => onclose() })
    const other = bare(server.url)
    // A query that postgres.js writes in the moment of the loss is never answered, guarded or not.
    const lose = async (pid: unknown): Promise<void> => {
      const isClosed = new Promise<void>((resolve) => (onclose = resolve))
      await other`SELECT pg_terminate_backend(${pid as number})`
      await isClosed
    }
    const [{ pid = 0 } = {}] = await sql`SELECT pg_backend_pid() AS pid`
    await lose(pid)
    await answersAgain(sql)
    const during = errorOf(() =>
      sql.begin(async (tx) => {
        const [mine] = await tx`SELECT pg_backend_pid() AS pid`
        await lose(mine?.['pid'])
        await tx`SELECT 1`
      }),
    )
    expect(lossCodes).toContain((await during).code)
    await answersAgain(sql)
    expect(guard.stats().pools[0]).toMatchObject({ active: 0, waiting: 0 })
  })
})

describe('an ordinary application behind the hostile pooler', () => {
  it('leaves nothing behind, and no finding', async () => {
    const { sql, found } = open(hostile.url, { max: 3 }, strict)
    const before = (await hostile.reports()).length
    await sql`CREATE TABLE IF NOT EXISTS orders (id int PRIMARY KEY, data jsonb)`
    await sql`INSERT INTO orders ${sql([1, 2, 3].map((id) => ({ id, data: sql.json({ id }) as never })))}`
    await Promise.all([1, 2, 3].map((id) => sql`UPDATE orders SET ${sql({ data: null })} WHERE id = ${id}`))
    await sql.begin('read write', async (tx) => {
      await tx`SELECT id FROM orders WHERE id IN ${tx([1, 2])} FOR UPDATE`
      await tx.savepoint((inner) => inner`DELETE FROM orders WHERE id = ${1}`)
    })
    const read: unknown[] = []
    for await (const rows of sql`SELECT id FROM orders ORDER BY id`.cursor(1)) read.push(...rows)
    expect(read).toEqual([{ id: 2 }, { id: 3 }])
    expect(found).toEqual([])
    expect((await hostile.reports()).slice(before)).toEqual([])
  })
})
