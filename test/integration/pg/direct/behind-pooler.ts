import { createGuard, poolers, type Guard, type GuardOptions, type MovedEvent } from '@poolsafe/core'
import { guardPool } from '@poolsafe/pg'
import { startPgBouncer, type PgBouncerServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

/** A client with the fields that pg's types leave out. */
export interface Client extends pg.PoolClient {
  readonly processID: number | null
}

/** A pool behind PgBouncer, whose checkouts move to direct connections. */
export interface MovingPool {
  readonly pool: pg.Pool
  readonly direct: pg.Pool
  readonly guard: Guard
  readonly moved: MovedEvent[]
  readonly logged: string[]
}

type Limits = Omit<NonNullable<Parameters<typeof guardPool>[2]>, 'direct'>

interface Sizes {
  readonly max?: number
  readonly directMax?: number
  /** More of the configuration of the pooled connections. */
  readonly config?: pg.PoolConfig
}

/** A PostgreSQL, a PgBouncer before it, and pools of both. */
export class BehindPooler {
  readonly server: SharedPostgres
  readonly pooler: PgBouncerServer
  readonly #pools: pg.Pool[] = []

  constructor(server: SharedPostgres, pooler: PgBouncerServer) {
    this.server = server
    this.pooler = pooler
  }

  static async start(): Promise<BehindPooler> {
    const server = await sharedPostgres()
    return new BehindPooler(server, await startPgBouncer({ target: server, defaultPoolSize: 2 }))
  }

  open(
    { max = 1, directMax = 1, config = {} }: Sizes = {},
    options: GuardOptions = {},
    limits: Limits = {},
  ): MovingPool {
    const moved: MovedEvent[] = []
    const logged: string[] = []
    const logger = { warn: (message: string) => void logged.push(message) }
    const guard = createGuard({ pooler: poolers.pgbouncer({ version: '1.18' }), logger, ...options })
    guard.on('moved', (event) => void moved.push(event))
    const direct = new pg.Pool({ connectionString: this.server.url, max: directMax })
    const pool = guardPool(new pg.Pool({ connectionString: this.pooler.url, max, ...config }), guard, {
      ...limits,
      direct,
    })
    this.#pools.push(pool, direct)
    return { pool, direct, guard, moved, logged }
  }

  /** Ends the pools of a test. */
  async endPools(): Promise<void> {
    for (const pool of this.#pools.splice(0)) if (!pool.ending) await pool.end()
  }

  async stop(): Promise<void> {
    await this.pooler.stop()
    await this.server.stop()
  }
}

/** Runs `work` on a client of a pool. */
export async function onClient<Result>(pool: pg.Pool, work: (client: Client) => Promise<Result>): Promise<Result> {
  const client = (await pool.connect()) as Client
  try {
    return await work(client)
  } finally {
    client.release()
  }
}

export async function pidOf(on: pg.Pool | pg.PoolClient): Promise<number> {
  const { rows } = await on.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  return rows[0]?.pid as number
}
