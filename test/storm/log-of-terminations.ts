/** The server's own log about the connections that an administrator's command closed. */
export interface Terminations {
  readonly all: number
  /** The session was in a transaction, or ran a statement. By the name of its application. */
  readonly inUse: readonly string[]
  readonly byApplication: Readonly<Record<string, number>>
}

/** The prefix of each line: the application, and the virtual transaction, which is `<backend>/0` outside of one. */
export const linePrefix = '%a|%v|%p|'

const line = /^([^|\n]*)\|(\d*)\/(\d+)\|(\d+)\|FATAL: {2}terminating connection due to administrator command/gm

/** Reads the log of a server with {@link linePrefix}. */
export function terminationsIn(log: string): Terminations {
  const found = [...log.matchAll(line)]
  // PostgreSQL logs the statement that was interrupted in a line of its own.
  const interrupted = new Set([...log.matchAll(/^[^|\n]*\|[\d/]*\|(\d+)\|STATEMENT: /gm)].map(([, pid]) => pid))
  const byApplication: Record<string, number> = {}
  for (const [, application = ''] of found) byApplication[application] = (byApplication[application] ?? 0) + 1
  return {
    all: found.length,
    inUse: found
      .filter(([, , , transaction, pid]) => transaction !== '0' || interrupted.has(pid))
      .map(([, application = '']) => application),
    byApplication,
  }
}
