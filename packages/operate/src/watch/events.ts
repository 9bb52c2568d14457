import type { ClosedConnection, ConnectionGroup, Use } from './connections.ts'

/** The watch has connected and begins. */
export interface WatchStarted {
  readonly kind: 'started'
  readonly message: string
}

/** A connection was closed, or, without `apply`, would have been. One event for each. */
export interface WatchClosed extends Use {
  readonly kind: 'closed' | 'wouldClose'
  readonly message: string
  readonly connection: ClosedConnection
}

/** Too many connections are used, and closing does not bring them below the limit. */
export interface WatchStuck extends Use {
  readonly kind: 'stuck'
  readonly message: string
  /** The owners of the connections; the largest groups first. */
  readonly groups: readonly ConnectionGroup[]
  /** When the watch tries again, in milliseconds. */
  readonly againMillis: number
}

/** Another watch of the same database acts. */
export interface WatchSkipped {
  readonly kind: 'skipped'
  readonly message: string
}

/** The watch has no connection, or may not see or close everything. It goes on. */
export interface WatchTrouble {
  readonly kind: 'lost' | 'limited'
  readonly message: string
}

/** The events of a watch. Each has a line for a log. */
export type WatchEvent = WatchStarted | WatchClosed | WatchStuck | WatchSkipped | WatchTrouble

/** Why connections are spared, after their number: `12 of shop-api (role app) …`. */
const reasons: Readonly<Record<ConnectionGroup['verdict'], string>> = {
  application: 'of another application',
  database: 'of another database',
  superuser: 'of a superuser that is not named',
  role: 'of a role that is not named',
  denied: 'that this role may not end: it needs pg_signal_backend',
  hidden: 'whose state is hidden: this role needs pg_read_all_stats',
  transaction: 'in a transaction',
  active: 'at work',
  locks: 'that hold advisory locks',
  session: 'with temporary objects, LISTEN or a replication slot',
  pooler: 'of a pooler',
  recent: 'idle for a short time only',
  close: 'idle, and closed or about to be',
}

/** The line of one closed connection. */
export function closedLine(connection: ClosedConnection, use: Use, most: number, apply: boolean): string {
  const { pid, application, role, database, address, idleMillis } = connection
  const from = address === null ? '' : `, ${address}`
  const verb = apply ? 'closed' : 'would close'
  return printable(
    `${verb} connection ${pid} of ${application} (role ${role}, database ${database}${from}): idle for ${seconds(idleMillis)}; ${shareLine(use, most)}`,
  )
}

/** The line that says whose connections are in the way. */
export function stuckLine(use: Use, most: number, groups: readonly ConnectionGroup[], againMillis: number): string {
  const owners = groups
    .slice(0, 8)
    .map(
      ({ application, role, verdict, count }) => `${count} of ${name(application)} (role ${role}) ${reasons[verdict]}`,
    )
  return printable(
    `${shareLine(use, most)}, and nothing more may be closed. Used by: ${owners.join('; ')}. Next try in ${seconds(againMillis)} at the earliest`,
  )
}

function shareLine({ used, slots }: Use, most: number): string {
  return `${used} of ${slots} connections are used, the limit is ${most}`
}

function name(application: string): string {
  return application === '' ? 'an application without a name' : application
}

function seconds(millis: number): string {
  return millis < 10_000 ? `${(millis / 1000).toFixed(1)} s` : `${Math.round(millis / 1000)} s`
}

/** One event is one line: names of roles and databases may hold line breaks. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, (sign) => `\\u{${(sign.codePointAt(0) ?? 0).toString(16)}}`)
}
