import type { PostgresServer } from '@poolsafe/testing/servers'
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'

/** A PostgreSQL server that other files use at the same time, each with its own database. */
export interface SharedPostgres extends Omit<PostgresServer, 'database' | 'log' | 'source' | 'stop'> {
  readonly database: string
  /**
   * Drops the database. With `force` PostgreSQL first ends its connections, such as those that a pooler keeps.
   * Otherwise it waits 5 s for them, and a client that is still connected keeps the database until the server stops.
   */
  stop(options?: { readonly force?: boolean }): Promise<void>
}

declare module 'vitest' {
  export interface ProvidedContext {
    readonly sharedPostgres: Omit<SharedPostgres, 'stop'>
  }
}

/**
 * An empty database of the shared server, ten times as fast as a server of one's own. For a file that neither stops the
 * server, nor configures it, nor makes roles, nor reads its log.
 */
export async function sharedPostgres(): Promise<SharedPostgres> {
  const server = inject('sharedPostgres')
  const database = `test_${randomBytes(6).toString('hex')}`
  await ask(server.url, `CREATE DATABASE ${database}`)
  const url = new URL(server.url)
  url.pathname = `/${database}`
  return {
    ...server,
    database,
    url: url.href,
    stop: ({ force = false } = {}) =>
      ask(server.url, `DROP DATABASE ${database}${force ? ' WITH (FORCE)' : ''}`).catch(() => {}),
  }
}

async function ask(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query(sql).finally(() => client.end())
}
