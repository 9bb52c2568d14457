import { createGuard, poolers, type FindingEvent, type PoolerProfile } from '@poolsafe/core'
import { guardDialect } from '@poolsafe/kysely'
import { guardPool } from '@poolsafe/pg'
import { startPostgres, type PgBouncerServer, type PostgresServer } from '@poolsafe/testing/servers'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kysely, PostgresDialect, sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startPgBouncer } from '../../support/servers/pgbouncer.ts'

const pollMillis = 5
const blocked = 'do $$ begin perform pg_advisory_xact_lock(42); end $$'

let server: PostgresServer
let pooler: PgBouncerServer
/** Holds the lock that the query waits for. */
let holder: pg.Client

beforeAll(async () => {
  server = await startPostgres({ settings: { log_statement: 'all' } })
  pooler = await startPgBouncer({ target: server })
  holder = new pg.Client(server.url)
  await holder.connect()
  await holder.query('SELECT pg_advisory_lock(42)')
})

/** A pooler that crashed leaves the session that waits for the lock behind. */
beforeEach(async () => {
  await holder.query('SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted')
  await nobodyWaits()
})

afterAll(async () => {
  await holder.end()
  await pooler.stop()
  await server.stop()
})

interface Run {
  readonly findings: readonly FindingEvent[]
  readonly error: unknown
}

interface Setup {
  readonly mode: 'warn' | 'strict'
  readonly pooler: PoolerProfile
  /** True if the pool below is guarded, and can send a CancelRequest. */
  readonly isPoolGuarded: boolean
  readonly strategy?: 'cancel query' | 'kill session'
}

/** Sends the query that waits, and aborts it when the server has it; where it is refused the server never has it. */
async function abort(url: string, setup: Setup, then: (db: Kysely<unknown>) => Promise<void>): Promise<Run> {
  const { isPoolGuarded, strategy = 'cancel query', ...options } = setup
  const findings: FindingEvent[] = []
  const guard = createGuard({ logger: { warn() {} }, ...options })
  guard.on('finding', (event) => void findings.push(event))
  const bare = new pg.Pool({ connectionString: url, max: 1 }).on('error', () => {})
  const pool = isPoolGuarded ? guardPool(bare, guard) : bare
  const db = new Kysely<unknown>({ dialect: guardDialect(new PostgresDialect({ pool }), guard) })
  const aborting = new AbortController()
  const query = sql.raw(blocked).execute(db, { signal: aborting.signal, inflightQueryAbortStrategy: strategy })
  const failed = query.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (options.mode === 'warn' || isPoolGuarded) {
    await until(async () => (await waiting()) === 1)
    aborting.abort(new Error('enough'))
  }
  const error = await failed
  await then(db)
  await db.destroy()
  return { findings, error }
}

/** How many sessions wait for the lock. */
async function waiting(): Promise<number> {
  const { rows } = await holder.query<{ waiting: number }>(
    "SELECT count(*)::int AS waiting FROM pg_locks WHERE locktype = 'advisory' AND NOT granted",
  )
  return rows[0]?.waiting ?? 0
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await sleep(pollMillis)
}

const nobodyWaits = (): Promise<void> => until(async () => (await waiting()) === 0)

describe.each([
  ['directly', () => server.url, poolers.direct()],
  ['behind a pooler', () => pooler.url, poolers.pgbouncer()],
] as const)('a query that Kysely is to cancel over a guarded pool, %s', (_name, url, profile) => {
  it.each(['cancel query', 'kill session'] as const)('is ended by a CancelRequest: %s', async (strategy) => {
    const before = server.log().length
    const { findings, error } = await abort(
      url(),
      { mode: 'strict', pooler: profile, isPoolGuarded: true, strategy },
      async (db) => {
        await nobodyWaits()
        expect((await sql`SELECT 1 AS one`.execute(db)).rows).toEqual([{ one: 1 }])
      },
    )
    expect(error).toMatchObject({ message: 'enough' })
    expect(findings).toEqual([])
    await until(async () => server.log().slice(before).includes('canceling statement due to user request'))
    expect(server.log().slice(before)).not.toMatch(/pg_(cancel|terminate)_backend/)
  })

  it('keeps its transaction, which goes on with a rollback', async () => {
    const guard = createGuard({ mode: 'strict', pooler: profile })
    const pool = guardPool(new pg.Pool({ connectionString: url(), max: 1 }), guard)
    const db = new Kysely<unknown>({ dialect: guardDialect(new PostgresDialect({ pool }), guard) })
    const aborting = new AbortController()
    const work = db.transaction().execute(async (trx) => {
      const query = sql
        .raw(blocked)
        .execute(trx, { signal: aborting.signal, inflightQueryAbortStrategy: 'cancel query' })
      await until(async () => (await waiting()) === 1)
      aborting.abort(new Error('enough'))
      await query
    })
    await expect(work).rejects.toMatchObject({ message: 'enough' })
    await nobodyWaits()
    expect((await sql`SELECT 1 AS one`.execute(db)).rows).toEqual([{ one: 1 }])
    expect(pool.totalCount).toBe(1)
    await db.destroy()
  })
})

describe('a query that Kysely cancels over an unguarded pool', () => {
  it('goes on behind a pooler, which the guard says when it is sent', async () => {
    const before = server.log().length
    const { findings } = await abort(
      pooler.url,
      { mode: 'warn', pooler: poolers.pgbouncer(), isPoolGuarded: false },
      async () => {
        await until(async () => server.log().slice(before).includes('is not a PostgreSQL backend process'))
        expect(await waiting()).toBe(1)
        await holder.query('SELECT pg_advisory_unlock(42)')
        await nobodyWaits()
        await holder.query('SELECT pg_advisory_lock(42)')
      },
    )
    expect(findings).toMatchObject([
      { refused: false, findings: [{ rule: 'connection/cancel-by-pid', outcome: 'lost' }] },
    ])
    expect(findings[0]?.message).toContain(
      'cancelling by the process id of the login reaches no query, or the query of another client',
    )
  })

  it('is refused in strict mode before it is sent, and the connection goes back', async () => {
    const before = server.log().length
    const { error } = await abort(
      pooler.url,
      { mode: 'strict', pooler: poolers.pgbouncer(), isPoolGuarded: false },
      async () => {},
    )
    expect(error).toMatchObject({ rule: 'connection/cancel-by-pid' })
    expect((error as Error).stack).toContain('cancelling.test.ts')
    await holder.query("SELECT 'the log is written up to here'")
    await until(async () => server.log().slice(before).includes('the log is written up to here'))
    expect(server.log().slice(before)).not.toContain(blocked)
  })

  it('is cancelled where there is no pooler, and nothing is found', async () => {
    const { findings, error } = await abort(
      server.url,
      { mode: 'warn', pooler: poolers.direct(), isPoolGuarded: false },
      nobodyWaits,
    )
    expect(error).toMatchObject({ message: 'enough' })
    expect(findings).toEqual([])
  })
})

it('a query that is only abandoned is no finding', async () => {
  const guard = createGuard({ mode: 'strict' })
  const pool = new pg.Pool({ connectionString: pooler.url, max: 1 }).on('error', () => {})
  const db = new Kysely<unknown>({ dialect: guardDialect(new PostgresDialect({ pool }), guard) })
  const { signal } = new AbortController()
  expect((await sql`select 1 as one`.execute(db, { signal })).rows).toEqual([{ one: 1 }])
  await db.destroy()
})
