import { once } from 'node:events'
import { InvalidOptionError, isPoolsafeError } from '@poolsafe/core'
import { counted } from '@poolsafe/core/internal'
import { poolerNamed, UsageError } from '@poolsafe/config'
import {
  formatReport,
  startHostilePooler,
  type HostilePoolerServer,
  type HostileReport,
} from '@poolsafe/testing/hostile'
import { exitCodes } from '../exit-code.ts'
import { runCommand } from '../run/run-command.ts'
import type { Style } from '../terminal/style.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** The arguments of `poolsafe hostile`. */
export interface HostileRequest {
  /** Empty: the pooler runs until a signal ends it. */
  readonly command: readonly string[]
  readonly target: string
  readonly listen?: string
  readonly env?: readonly string[]
  readonly pooler?: string
  readonly style: Style
}

/**
 * Runs the command behind the hostile pooler.
 *
 * @returns the exit code of the command; 1 if it is 0 and a transaction left something
 * @throws UsageError for a command that does not start, an unknown pooler, a target that does not answer and a port that
 *   is in use
 * @throws InvalidOptionError for a wrong URL or port
 */
export async function runHostile(request: HostileRequest, terminal: Terminal): Promise<number> {
  const { command, style } = request
  const report = (found: HostileReport): void => terminal.err(`${formatReport(found)}\n\n`)
  const pooler = await start(request, report)
  terminal.err(`${style.bold('poolsafe hostile')}: listening on ${pooler.url}\n\n`)
  try {
    const code = command.length === 0 ? await untilSignal() : await runBehind(pooler, request, terminal)
    const found = await pooler.reports()
    terminal.err(`${style.bold('poolsafe hostile')}: ${sentence(found.length)}\n`)
    return code === exitCodes.clean && found.length > 0 ? exitCodes.findings : code
  } finally {
    await pooler.stop()
  }
}

function start(
  { target, listen, pooler }: HostileRequest,
  onReport: (report: HostileReport) => void,
): Promise<HostilePoolerServer> {
  return startHostilePooler({
    target,
    onReport,
    ...(listen !== undefined && { port: portOf(listen) }),
    ...(pooler !== undefined && { pooler: poolerNamed(pooler) }),
  }).catch((error: unknown) => {
    // No server at the target, or the port is in use.
    throw isPoolsafeError(error) ? error : new UsageError((error as Error).message, { cause: error })
  })
}

function portOf(listen: string): number {
  const port = Number(listen)
  if (Number.isInteger(port) && port > 0 && port <= 65_535) return port
  throw new InvalidOptionError('--listen', listen, 'a port from 1 to 65535')
}

function runBehind(
  { url }: HostilePoolerServer,
  { command, env = ['DATABASE_URL'] }: HostileRequest,
  terminal: Terminal,
): Promise<number> {
  const urls = Object.fromEntries(env.map((name) => [name, url]))
  return runCommand(command, terminal.cwd, { ...terminal.env, ...urls })
}

async function untilSignal(): Promise<number> {
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
  return exitCodes.clean
}

function sentence(count: number): string {
  if (count === 0) return 'no transaction left anything behind'
  return `${counted(count, 'transaction')} left something behind, took it away or missed it`
}
