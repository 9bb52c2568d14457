import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { atExit } from '../../../packages/testing/src/servers/at-exit.ts'

const variable = 'POOLSAFE_POOLER_ROOT'
const startTimeoutMillis = 60_000
const pollMillis = 20

/** Debian's packages beside the servers themselves: extensions that keep state of their own. */
const extensions = ['hypopg', 'orafce', 'set_user']

/** A program that runs in the root folder, as the user postgres. */
export interface RootProcess {
  /** Ends it, and removes its folder. */
  stop(): Promise<void>
}

/** How one program is run. */
export interface Launch {
  /** For errors: `Odyssey`. */
  readonly name: string
  /** Files for it to read, by name. */
  readonly files?: Readonly<Record<string, string>>
  /** Programs that run to their end before it. `folder` is the one of the files, as the program sees it. */
  readonly before?: (folder: string) => readonly (readonly string[])[]
  readonly command: (folder: string) => readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** The address at which it answers when it serves. */
  readonly url: string
  /** The signal that ends it. */
  readonly signal: NodeJS.Signals
}

/**
 * The folder that holds Debian with PostgreSQL 18, PgBouncer 1.26 and Odyssey 1.5.
 *
 * @throws Error that says what to do where there is none, or where this process may not use it
 */
export function poolerRoot(): string {
  const root = process.env[variable] ?? ''
  const why = reasonAgainst(root)
  if (why === undefined) return root
  throw new Error(
    [
      `The complete proofs need PostgreSQL 18 with extensions, PgBouncer 1.26 and Odyssey 1.5: ${why}.`,
      `Make a folder that holds Debian (suite forky) with the packages postgresql-18, pgbouncer, odyssey, ${packages()},`,
      `as root with debootstrap, mount its /proc and /dev/shm, and name it in ${variable}. \`npm test\` runs the other proofs.`,
    ].join('\n'),
  )
}

function packages(): string {
  return extensions.map((name) => `postgresql-18-${name.replace('_', '-')}`).join(', ')
}

function reasonAgainst(root: string): string | undefined {
  if (root === '') return `${variable} is not set`
  if (process.getuid?.() !== 0) return 'chroot takes root, and this process is another user'
  if (!existsSync(join(root, 'proc/self'))) return `${root} does not exist, or its /proc is not mounted`
  const needed = ['usr/lib/postgresql/18/bin/postgres', 'usr/sbin/pgbouncer', 'usr/bin/odyssey'].concat(
    extensions.map((name) => `usr/share/postgresql/18/extension/${name}.control`),
  )
  const missing = needed.find((path) => !existsSync(join(root, path)))
  return missing === undefined ? undefined : `${root} has no /${missing}`
}

/** Runs a program in the root folder until it serves. It ends with this process at the latest. */
export async function launch(
  root: string,
  { name, files = {}, before, command, environment, url, signal }: Launch,
): Promise<RootProcess> {
  const outside = mkdtempSync(join(root, 'tmp/poolsafe-'))
  const folder = `/tmp/${basename(outside)}`
  for (const [file, text] of Object.entries(files)) writeFileSync(join(outside, file), text)
  chmodSync(outside, 0o711)
  execFileSync('chroot', [root, 'chown', '-R', 'postgres:postgres', folder])
  const asPostgres = [root, 'setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups']
  for (const each of before?.(folder) ?? []) execFileSync('chroot', asPostgres.concat(each), { stdio: 'pipe' })
  // chroot and setpriv become the program: the process keeps its id.
  const child = spawn('chroot', asPostgres.concat(command(folder)), { env: { ...process.env, ...environment } })
  let log = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (log += text))
  const ended = once(child, 'close')
  const forget = atExit(() => {
    child.kill('SIGQUIT')
    rmSync(outside, { recursive: true, force: true, maxRetries: 5 })
  })
  const stop = async (): Promise<void> => {
    forget()
    child.kill(signal)
    await ended
    rmSync(outside, { recursive: true, force: true })
  }
  try {
    await untilServing(url, () => child.exitCode !== null)
    return { stop }
  } catch (cause) {
    await stop()
    throw new Error(`${name} does not serve; it says:\n${log.trim() || 'nothing'}`, { cause })
  }
}

async function untilServing(url: string, hasEnded: () => boolean): Promise<void> {
  for (const deadline = Date.now() + startTimeoutMillis; ; await sleep(pollMillis)) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: startTimeoutMillis })
    client.on('error', () => undefined)
    try {
      await client.connect()
      await client.query('SELECT 1')
      return
    } catch (error) {
      if (hasEnded() || Date.now() > deadline) throw error
    } finally {
      await client.end().catch(() => undefined)
    }
  }
}
