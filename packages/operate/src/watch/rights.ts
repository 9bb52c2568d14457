import { askRows, type Ask } from '../ask/ask.ts'
import { WatchRefusedError } from './errors.ts'
import type { ResolvedWatch } from './options.ts'
import { literal } from './patterns.ts'

/** The facts that a new connection reports about itself. */
export interface Login {
  readonly pid: number
  readonly version: number
  readonly role: string
  readonly database: string
  readonly standby: boolean
  /** Sees the sessions of other roles. */
  readonly reads: boolean
  /** Ends the sessions of other roles that are no superusers. */
  readonly signals: boolean
  readonly superuser: boolean
  readonly roles: readonly { readonly role: string; readonly superuser: boolean; readonly member: boolean }[]
}

const oldest = 130_000

/** Leaves nothing on the connection, which may be a pooler's. */
export async function readLogin(ask: Ask, { roles }: ResolvedWatch): Promise<Login> {
  const names = `ARRAY[${roles.map(literal).join(', ')}]::text[]`
  const [login] = await askRows<Login>(
    ask,
    'the rights of the watch',
    `SELECT pg_backend_pid() AS pid, current_setting('server_version_num')::int AS version, current_user::text AS role,
      current_database()::text AS database, pg_is_in_recovery() AS standby,
      pg_has_role('pg_read_all_stats', 'USAGE') AS reads, pg_has_role('pg_signal_backend', 'USAGE') AS signals,
      (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS superuser,
      (SELECT coalesce(json_agg(r), '[]') FROM (SELECT rolname::text AS role, rolsuper AS superuser, pg_has_role(oid, 'USAGE') AS member
        FROM pg_roles WHERE rolname = ANY (${names})) r) AS roles`,
  )
  return login as Login
}

/** @throws WatchRefusedError if the server is too old, or a named role does not exist or may not be touched */
export function checkLogin(login: Login, { roles, apply }: ResolvedWatch): void {
  if (login.version < oldest)
    throw new WatchRefusedError(
      `watchConnections() needs PostgreSQL 13 or later; the server is ${Math.floor(login.version / 10_000)}`,
    )
  const missing = roles.find((role) => !login.roles.some((found) => found.role === role))
  if (missing !== undefined) throw new WatchRefusedError(`there is no role ${JSON.stringify(missing)}`)
  const denied = login.roles.find(({ superuser, member }) => !mayEnd(login, superuser, member))
  if (denied === undefined || !apply) return
  const grant = denied.superuser
    ? 'only a superuser ends the sessions of a superuser'
    : `GRANT pg_signal_backend TO ${login.role}`
  throw new WatchRefusedError(
    `${login.role} may not close connections of ${denied.role}, so the watch would do nothing: ${grant}`,
  )
}

function mayEnd({ signals, superuser: isSuperuser }: Login, superuser: boolean, member: boolean): boolean {
  return superuser ? isSuperuser : signals || member
}

/** Returns a line for each thing that the role of the watch cannot see or close. */
export function limitsOf({ role, reads, signals }: Login, { roles }: ResolvedWatch): string[] {
  return [
    ...(reads
      ? []
      : [
          `${role} sees only its own connections, and spares all others: GRANT pg_read_all_stats TO ${role}. Until then the number of used connections may be too high`,
        ]),
    ...(signals || roles.length > 0
      ? []
      : [`${role} may close only connections of its own role: GRANT pg_signal_backend TO ${role}`]),
  ]
}
