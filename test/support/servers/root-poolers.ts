import { findFreePort } from '../../../packages/testing/src/servers/free-port.ts'
import { configFileName, renderConfig } from '../../../packages/testing/src/servers/pgbouncer-config.ts'
import { urlOf, type Backend } from './backend.ts'
import { launch, type RootProcess } from './pooler-root.ts'

/** A pooler in transaction mode, of two server connections for each user and database. */
export interface RootPooler extends RootProcess {
  readonly port: number
}

const poolSize = 2

/** The settings of a test's PgBouncer in addition to its defaults. */
interface PgBouncerSetup {
  readonly defaultPoolSize?: number
  readonly settings?: Readonly<Record<string, string>>
}

/**
 * PgBouncer 1.26. The users log in to it without a password.
 *
 * @param users those of PostgreSQL; with their passwords there, if these are not the target's
 */
export async function startRootPgBouncer(
  root: string,
  target: Backend,
  users: readonly string[] | Readonly<Record<string, string>>,
  { defaultPoolSize = poolSize, settings = {} }: PgBouncerSetup = {},
): Promise<RootPooler> {
  const port = await findFreePort()
  const passwords = Array.isArray(users) ? Object.fromEntries(users.map((user) => [user, target.password])) : users
  const plan = {
    poolMode: 'transaction',
    defaultPoolSize,
    targetPort: target.port,
    adminUser: target.user,
    users: { [target.user]: target.password, ...passwords },
    settings: { auth_type: 'trust', ...settings },
  }
  const place = { listenAddress: '127.0.0.1', listenPort: port, targetHost: '127.0.0.1' }
  const { stop } = await launch(root, {
    name: 'PgBouncer 1.26',
    // The folder is known to the shell alone, which writes it into the file.
    files: Object.fromEntries(
      renderConfig(plan, { ...place, folder: '.' }).map(({ name, content }) => [name, content]),
    ),
    command: (folder) => ['sh', '-c', `cd ${folder} && exec pgbouncer ${configFileName}`],
    url: urlOf(port, target),
    signal: 'SIGKILL',
  })
  return { port, stop }
}

/** Odyssey 1.5; `settings` are those of its pools, such as `pool_discard`. */
export async function startRootOdyssey(
  root: string,
  target: Backend,
  settings: Readonly<Record<string, string>> = {},
): Promise<RootPooler> {
  const port = await findFreePort()
  const { stop } = await launch(root, {
    name: 'Odyssey',
    files: { 'odyssey.conf': odysseyConfig(port, target.port, settings) },
    command: (folder) => ['odyssey', `${folder}/odyssey.conf`],
    url: urlOf(port, target),
    signal: 'SIGKILL',
  })
  return { port, stop }
}

function odysseyConfig(port: number, targetPort: number, settings: Readonly<Record<string, string>>): string {
  const pool = { pool: '"transaction"', pool_size: String(poolSize), ...settings }
  return `daemonize no
log_to_stdout yes
log_format "%p %t %l [%i %s] (%c) %m\\n"
workers 1
resolvers 1
coroutine_stack_size 24
listen {
  host "127.0.0.1"
  port ${port}
}
storage "server" {
  type "remote"
  host "127.0.0.1"
  port ${targetPort}
}
database default {
  user default {
    authentication "none"
    storage "server"
    client_fwd_error yes
${Object.entries(pool)
  .map(([name, value]) => `    ${name} ${value}\n`)
  .join('')}  }
}
`
}
