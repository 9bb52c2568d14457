/** What helpers send on a connection of their own. */
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

/** Returns the statements that listen to channels, by their exact names. */
export function listenText(channels: readonly string[]): string {
  return channels.map((channel) => `LISTEN "${channel.replaceAll('"', '""')}"`).join('; ')
}
