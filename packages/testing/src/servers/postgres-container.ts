import { loadDriver, urlOf, waitUntilServing, withClient } from './client.ts'
import { launchContainer } from './container.ts'
import type { LaunchedPostgres } from './launched-postgres.ts'
import type { LaunchedServer } from './launched-server.ts'
import { access, flagsOf, initdbFlags } from './postgres-settings.ts'
import { waitForClients } from './wait-for-clients.ts'

/** The image creates its database first. */
const startTimeoutMillis = 60_000

/** Number of attempts to find a port that stays free until the server listens. */
const portAttempts = 3

/**
 * The environment of the official image and of images based on it. Without the last flag, initdb accepts every login
 * from 127.0.0.1 with any password. An image that ignores the flags takes its encoding from LANG.
 */
const environment = {
  LANG: 'C.UTF-8',
  POSTGRES_USER: access.user,
  POSTGRES_PASSWORD: access.password,
  POSTGRES_DB: access.database,
  POSTGRES_INITDB_ARGS: [...initdbFlags, '--auth-host=scram-sha-256'].join(' '),
}

/**
 * Starts PostgreSQL from an image with the interface of the official one. Resolves when a query has succeeded.
 *
 * @throws Error with the server's log if it accepts no query within 60 s
 */
export async function launchPostgresContainer(
  image: string,
  settings: Readonly<Record<string, string>>,
): Promise<LaunchedPostgres> {
  await loadDriver()
  for (let attempt = 1; ; attempt++) {
    const launched = await launch(image, settings)
    const url = urlOf(launched, access)
    try {
      await waitUntilServing(launched, url, startTimeoutMillis)
      return toLaunchedPostgres(launched, url, await askVersion(url))
    } catch (cause) {
      await launched.stop()
      if (launched.log().includes('could not bind') && attempt < portAttempts) continue
      throw new Error(`PostgreSQL did not start; it says:\n${launched.log().trim() || String(cause)}`, { cause })
    }
  }
}

function launch(image: string, settings: Readonly<Record<string, string>>): Promise<LaunchedServer> {
  return launchContainer({
    server: 'PostgreSQL',
    image,
    port: 5432,
    prepare: (container, { listenAddress, listenPort }) => {
      const place = { listen_addresses: listenAddress, port: String(listenPort) }
      return container.withEnvironment(environment).withCommand(['postgres', ...flagsOf(place, settings)])
    },
    // PostgreSQL's fast shutdown notifies and disconnects remaining clients.
    signal: 'SIGINT',
  })
}

function toLaunchedPostgres(launched: LaunchedServer, url: string, version: string): LaunchedPostgres {
  return {
    host: launched.host,
    port: launched.port,
    version,
    source: 'docker',
    log: () => launched.log(),
    stop: async () => {
      const { default: pg } = await loadDriver()
      if (!launched.hasEnded()) await waitForClients(new pg.Client(url))
      await launched.stop()
    },
  }
}

/** Distributions add words of their own: `18.4 (Debian 18.4-1)`. */
async function askVersion(url: string): Promise<string> {
  const { rows } = await withClient(url, (client) => client.query<{ server_version: string }>('SHOW server_version'))
  return String(rows[0]?.server_version).split(' ', 1).join('')
}
