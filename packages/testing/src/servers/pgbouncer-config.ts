import { join } from 'node:path'

/** The configuration of PgBouncer, independent of where it runs. */
export interface PgBouncerPlan {
  readonly poolMode: string
  readonly defaultPoolSize: number
  readonly targetPort: number
  readonly adminUser: string
  /** Passwords by user name. */
  readonly users: Readonly<Record<string, string>>
  readonly settings: Readonly<Record<string, string>>
}

/** The environment of PgBouncer, from its own point of view. */
export interface Place {
  readonly listenAddress: string
  readonly listenPort: number
  /** The address of PostgreSQL. */
  readonly targetHost: string
  /** The folder of the two files. */
  readonly folder: string
}

/** A file for PgBouncer to read. */
export interface ConfigFile {
  readonly name: string
  readonly content: string
}

export const configFileName = 'pgbouncer.ini'
const usersFileName = 'userlist.txt'

/** The files that PgBouncer reads. The first one is named {@link configFileName}. */
export function renderConfig(plan: PgBouncerPlan, place: Place): ConfigFile[] {
  return [
    { name: configFileName, content: renderIni(plan, place) },
    { name: usersFileName, content: renderUsers(plan.users) },
  ]
}

function renderIni(plan: PgBouncerPlan, place: Place): string {
  const settings = {
    listen_addr: place.listenAddress,
    listen_port: String(place.listenPort),
    unix_socket_dir: '',
    auth_type: 'scram-sha-256',
    auth_file: join(place.folder, usersFileName),
    admin_users: plan.adminUser,
    pool_mode: plan.poolMode,
    default_pool_size: String(plan.defaultPoolSize),
    max_client_conn: '500',
    ...plan.settings,
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`)
  // Without a user in the target, PgBouncer logs in to PostgreSQL as the client's own user.
  return ['[databases]', `* = host=${place.targetHost} port=${plan.targetPort}`, '[pgbouncer]', ...lines, ''].join('\n')
}

/** The passwords are in plain text because PgBouncer needs them to log in to PostgreSQL with SCRAM. */
function renderUsers(users: Readonly<Record<string, string>>): string {
  const quote = (text: string): string => `"${text.replaceAll('"', '""')}"`
  return Object.entries(users)
    .map(([user, password]) => `${quote(user)} ${quote(password)}\n`)
    .join('')
}
