import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { constants, rmSync } from 'node:fs'
import { access, chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { atExit } from './at-exit.ts'
import { findFreePort } from './free-port.ts'
import { configFileName, renderConfig, type PgBouncerPlan } from './pgbouncer-config.ts'
import type { LaunchedServer } from './launched-server.ts'
import { run } from './run.ts'
import { findServerUser, isRoot } from './server-user.ts'

/** Distributions install PgBouncer in a folder that is not in an ordinary user's PATH. */
const systemFolders = ['/usr/sbin', '/usr/local/sbin', '/opt/homebrew/bin']

/** Returns the path of `pgbouncer` on this machine, or `undefined`. */
export async function findPgBouncer(): Promise<string | undefined> {
  return findProgram('pgbouncer')
}

async function findProgram(name: string): Promise<string | undefined> {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), ...systemFolders]) {
    const path = join(folder, name)
    const isProgram = await access(path, constants.X_OK).then(
      () => folder !== '',
      () => false,
    )
    if (isProgram) return path
  }
  return undefined
}

/** Waits for another installation in progress, because several test processes arrive here at once. */
const installScript =
  'command -v pgbouncer || { apt-get update && apt-get install --yes --no-install-recommends pgbouncer; }'

/**
 * Installs Debian's package of PgBouncer.
 *
 * @returns the path of `pgbouncer`
 * @throws Error if this process must not or cannot install it
 */
export async function installPgBouncer(): Promise<string> {
  if (!isRoot) throw new Error('this process is not root')
  if ((await findProgram('apt-get')) === undefined) throw new Error('this machine has no apt-get')
  const environment = ['DEBIAN_FRONTEND=noninteractive', 'flock', join(tmpdir(), 'poolsafe-apt.lock')]
  await run('env', ...environment, 'sh', '-c', installScript)
  const path = await findPgBouncer()
  if (path === undefined) throw new Error('apt-get succeeded, yet there is no pgbouncer')
  return path
}

/** Starts the program on a free port of 127.0.0.1. */
export async function launchProcess(program: string, plan: PgBouncerPlan): Promise<LaunchedServer> {
  const folder = await mkdtemp(join(tmpdir(), 'poolsafe-pgbouncer-'))
  const user = await findServerUser()
  const port = await findFreePort()
  const files = renderConfig(plan, { listenAddress: '127.0.0.1', listenPort: port, targetHost: '127.0.0.1', folder })
  for (const { name, content } of files) await writeFile(join(folder, name), content, { mode: 0o600 })
  if (user !== undefined)
    for (const path of ['', ...files.map(({ name }) => name)]) await chown(join(folder, path), user.uid, user.gid)
  const child = spawn(program, [join(folder, configFileName)], { ...user, stdio: ['ignore', 'pipe', 'pipe'] })
  const launched = toLaunched(child, folder, port)
  await untilListening(launched)
  return launched
}

/** Limit for PgBouncer's log line that it listens, in milliseconds. Some settings suppress the line. */
const listeningMillis = 5_000
const pollMillis = 5

/**
 * Before that line, another process on the port could be mistaken for it: another PgBouncer accepts the same user.
 */
async function untilListening(launched: LaunchedServer): Promise<void> {
  const deadline = Date.now() + listeningMillis
  while (!launched.hasEnded() && !launched.log().includes('listening on') && Date.now() < deadline)
    await sleep(pollMillis)
}

function toLaunched(child: ChildProcess, folder: string, port: number): LaunchedServer {
  let log = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (log += text))
  const ended = once(child, 'close').catch((error: unknown) => (log += String(error)))
  // SIGKILL, because no other signal stops every version immediately. PgBouncer has no state to lose.
  const forget = atExit(() => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    host: '127.0.0.1',
    port,
    log: () => log,
    hasEnded: () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined,
    stop: async () => {
      forget()
      child.kill('SIGKILL')
      await ended
      await rm(folder, { recursive: true, force: true })
    },
  }
}
