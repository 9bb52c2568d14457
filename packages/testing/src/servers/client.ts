import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'
import type { LaunchedServer } from './launched-server.ts'
import { loadOptional } from './optional-package.ts'

const retryMillis = 20

/** The credentials and the target of a login. */
export interface Login {
  readonly user: string
  readonly password: string
  readonly database: string
}

/** Returns the URL of a database for a user. */
export function urlOf(
  { host, port }: { readonly host: string; readonly port: number },
  { user, password, database }: Login,
): string {
  return `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@${host}:${port}/${encodeURIComponent(database)}`
}

/** @throws Error with the package to install if the driver is missing */
export function loadDriver(): Promise<typeof import('pg')> {
  return loadOptional('pg', 'to see whether the server answers', () => import('pg'))
}

/** Runs `use` on a new connection. */
export async function withClient<Result>(
  url: string,
  use: (client: Client) => Promise<Result>,
  timeoutMillis = 10_000,
): Promise<Result> {
  const { default: pg } = await loadDriver()
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: timeoutMillis })
  // A broken connection rejects its call. Without a listener, its `error` event would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return await use(client)
  } finally {
    await client.end()
  }
}

/**
 * Resolves when a query has come through.
 *
 * @throws the driver's error, when the server has ended, or does not serve in time
 */
export async function waitUntilServing(launched: LaunchedServer, url: string, timeoutMillis: number): Promise<void> {
  const deadline = Date.now() + timeoutMillis
  for (;;) {
    try {
      await withClient(url, (client) => client.query('SELECT 1'), timeoutMillis)
      if (launched.hasEnded()) throw new Error('it has ended, and another server answers on its port')
      return
    } catch (error) {
      if (launched.hasEnded() || Date.now() > deadline) throw error
    }
    await sleep(retryMillis)
  }
}
