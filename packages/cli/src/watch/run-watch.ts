import { UsageError } from '@poolsafe/config'
import { watchConnections, type ConnectionWatch, type WatchConnection, type WatchEvent } from '@poolsafe/operate'
import { databaseUrl, openData, openDatabase } from '../database/connect.ts'
import { exitCodes, type ExitCode } from '../exit-code.ts'
import { schemaUrl } from '../schema-url.ts'
import type { Style } from '../terminal/style.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { portOf, watchOptionsOf, type WatchFlags } from './flags.ts'
import { serveMetrics } from './metrics-server.ts'

/**
 * Watches until a signal ends it.
 *
 * @returns with `--once` 1 if too many connections are left; otherwise 0
 * @throws UsageError for wrong flags; InvalidOptionError for wrong patterns and numbers
 * @throws WatchRefusedError if the watch cannot do its work there
 * @throws DatabaseUnreadableError if the database does not answer at the start
 */
export async function runWatch(flags: WatchFlags, terminal: Terminal, style: Style): Promise<ExitCode> {
  const options = watchOptionsOf(flags)
  const port = flags.metricsPort === undefined ? undefined : portOf(flags.metricsPort)
  const url = urlOf(flags, terminal)
  const adminUrl =
    flags.adminUrl === undefined
      ? undefined
      : databaseUrl(flags.adminUrl, terminal.env, { option: '--admin-url', variable: '' })
  const ending = new AbortController()
  const end = (): void => ending.abort()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
  try {
    await using watch = await watchConnections({
      ...options,
      connect: () => connect(url),
      ...(adminUrl !== undefined && { console: () => connect(adminUrl, openDatabase) }),
      onEvent: (event) => terminal.out(lineOf(event, flags.format, style)),
      signal: ending.signal,
    })
    if (flags.once === true) return await lookOnce(watch, options.aboveShare ?? 0.8)
    await untilEnd(watch, flags.metricsHost ?? '127.0.0.1', port, terminal)
    return exitCodes.clean
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, end)
  }
}

function urlOf({ url }: WatchFlags, { env }: Terminal): string {
  const variable = (env['DIRECT_URL'] ?? '') === '' ? 'DATABASE_URL' : 'DIRECT_URL'
  return databaseUrl(url, env, { option: '--url', variable })
}

async function connect(url: string, open = openData): Promise<WatchConnection> {
  const { ask, processId, close } = await open(url, 'poolsafe-watch')
  return { ask, close, ...(processId !== undefined && { processId }) }
}

async function untilEnd(
  watch: ConnectionWatch,
  host: string,
  port: number | undefined,
  { err }: Terminal,
): Promise<void> {
  const metrics = port === undefined ? undefined : await serveMetrics(watch, host, port)
  if (metrics !== undefined) err(`metrics at ${metrics.url}\n`)
  try {
    await watch.ended
  } finally {
    metrics?.close()
  }
}

async function lookOnce(watch: ConnectionWatch, aboveShare: number): Promise<ExitCode> {
  await watch.check()
  const { used, slots } = watch.stats()
  if (used === undefined || slots === undefined)
    throw new UsageError('the server did not say how many connections are used; the lines above say why')
  return used > Math.floor(slots * aboveShare) ? exitCodes.findings : exitCodes.clean
}

/** One line for each event: of JSON, or with the time in front. */
function lineOf(event: WatchEvent, format: WatchFlags['format'], style: Style): string {
  const time = new Date().toISOString()
  if (format === 'json') return jsonLine(time, event)
  const colour = event.kind === 'stuck' || event.kind === 'lost' ? style.red : (text: string): string => text
  return `${style.dim(time)} ${colour(event.message)}\n`
}

/** The first line, and that of each new connection, names the schema of all. */
function jsonLine(time: string, event: WatchEvent): string {
  const schema = event.kind === 'started' ? { $schema: schemaUrl('watch') } : {}
  return `${JSON.stringify({ ...schema, time, ...event })}\n`
}
