/** The statements that helpers send on a connection of their own. */
export const sessionTexts = {
  begin: 'BEGIN',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
  /** Refused inside a transaction. */
  clean: 'DISCARD ALL',
  /** The process id of the server process, as `pid`. */
  backendPid: 'SELECT pg_backend_pid() AS pid',
  ping: 'SELECT 1',
} as const

/** Returns the statement that reads settings, as `s0`, `s1` …: NULL for one that does not exist. */
export function readSettings(names: readonly string[]): string {
  return `SELECT ${names.map((_, at) => `current_setting($${at + 1}, true) AS s${at}`).join(', ')}`
}

/** Returns the statement that sets as many settings of the session; its parameters are names and values in turn. */
export function writeSettings(count: number): string {
  const sets = Array.from({ length: count }, (_, at) => `set_config($${at * 2 + 1}, $${at * 2 + 2}, false)`)
  return `SELECT ${sets.join(', ')}`
}

/** Returns the statements that listen to channels, by their exact names. */
export function listenText(channels: readonly string[]): string {
  return channels.map((channel) => `LISTEN "${channel.replaceAll('"', '""')}"`).join('; ')
}
