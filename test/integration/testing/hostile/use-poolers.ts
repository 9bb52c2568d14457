import { startHostilePooler, type HostilePoolerOptions, type HostilePoolerServer } from '@poolsafe/testing/hostile'
import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { afterAll, afterEach, beforeAll } from 'vitest'

/** The hostile poolers in front of one PostgreSQL server, for a test file. */
export interface Poolers {
  readonly postgres: () => PostgresServer
  /** Starts a hostile pooler, which stops after the test. */
  start(options?: Partial<HostilePoolerOptions>): Promise<HostilePoolerServer>
  /** Opens a client, which ends after the test. */
  connect(url: string, options?: pg.ClientConfig): Promise<pg.Client>
}

/** Starts PostgreSQL before the tests of a file, and ends everything after them. */
export function usePoolers(): Poolers {
  let postgres: PostgresServer
  const opened: { end(): Promise<void> }[] = []
  const started: HostilePoolerServer[] = []
  beforeAll(async () => {
    postgres = await startPostgres({ settings: { log_min_messages: 'warning' } })
  })
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((client) => client.end()))
    await Promise.all(started.splice(0).map((pooler) => pooler.stop()))
  })
  afterAll(() => postgres.stop())
  return {
    postgres: () => postgres,
    async start(options = {}) {
      const pooler = await startHostilePooler({ target: postgres, ...options })
      started.push(pooler)
      return pooler
    },
    async connect(url, options = {}) {
      const client = new pg.Client({ connectionString: url, ...options })
      client.on('error', () => undefined)
      await client.connect()
      opened.push(client)
      return client
    },
  }
}

export async function pidOf(client: pg.Client): Promise<number> {
  return (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid ?? 0
}

export async function codeOf(query: Promise<unknown>): Promise<unknown> {
  return query.then(
    () => undefined,
    (error: unknown) => (error as { code?: unknown }).code,
  )
}
