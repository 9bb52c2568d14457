import type { PostgresServer } from '@poolsafe/testing/servers'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, lchownSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'

/** A hot standby of a server of `startPostgres`, on this machine. */
export interface Standby {
  readonly port: number
  /** The same database and superuser as on the primary. */
  readonly url: string
  /** Makes it a primary: from then on it takes writes. */
  promote(): Promise<void>
  stop(): Promise<void>
}

/** Settings of the command line that name a place: the standby has its own. */
const places = ['config_file', 'data_directory', 'hba_file', 'ident_file', 'listen_addresses', 'port']

/** The files that belong to the running primary and not to a copy of it. */
const notCopied: ReadonlySet<string> = new Set(['postmaster.pid', 'postmaster.opts'])

interface Primary {
  readonly dataDirectory: string
  readonly binaries: string
  readonly flags: readonly string[]
}

/**
 * Copies the data of a running server and starts a standby on it, which follows the server by streaming replication.
 *
 * @param isSynchronous the server answers a COMMIT only when the standby has it, so that a failover loses nothing
 */
export async function startStandby(server: PostgresServer, isSynchronous: boolean): Promise<Standby> {
  const admin = await connect(server.url)
  const primary = await lookAt(admin)
  const folder = mkdtempSync(join(tmpdir(), 'poolsafe-standby-'))
  const data = join(folder, 'data')
  const { start, stop: end } = await backupFunctions(admin)
  await admin.query(`SELECT ${start}`)
  cpSync(primary.dataDirectory, data, { recursive: true, filter: (path) => !notCopied.has(basename(path)) })
  const { rows } = await admin.query<{ labelfile: string }>(`SELECT labelfile FROM ${end}`)
  writeFileSync(join(data, 'backup_label'), rows[0]?.labelfile ?? '')
  writeFileSync(join(data, 'standby.signal'), '')
  const { uid, gid } = statSync(primary.dataDirectory)
  giveTo(folder, uid, gid)
  const port = await freePort()
  const { hostname, username, password, pathname } = new URL(server.url)
  const source = `host=${hostname} port=${server.port} user=${username} password=${password} application_name=standby`
  const flags = [...primary.flags, '-c', `port=${port}`, '-c', `listen_addresses=${hostname}`]
  const child = spawn(
    join(primary.binaries, 'postgres'),
    ['-D', data, ...flags, '-c', `primary_conninfo=${source}`],
    process.getuid?.() === 0 ? { uid, gid, stdio: 'ignore' } : { stdio: 'ignore' },
  )
  const url = `postgresql://${username}:${password}@${hostname}:${port}${pathname}`
  const own = await connect(url, child)
  if (isSynchronous) await waitForStandby(admin)
  await admin.end()
  return {
    port,
    url,
    promote: async () => void (await own.query('SELECT pg_promote()')),
    async stop() {
      await own.end()
      const ended = child.exitCode === null ? once(child, 'exit') : undefined
      child.kill('SIGQUIT')
      await ended
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

/** PostgreSQL 15 has renamed them. */
async function backupFunctions(admin: pg.Client): Promise<{ readonly start: string; readonly stop: string }> {
  const { rows } = await admin.query<{ renamed: boolean }>(
    "SELECT current_setting('server_version_num')::int >= 150000 AS renamed",
  )
  return rows[0]?.renamed === true
    ? { start: "pg_backup_start('standby', true)", stop: 'pg_backup_stop()' }
    : { start: "pg_start_backup('standby', true, false)", stop: 'pg_stop_backup(false)' }
}

async function lookAt(admin: pg.Client): Promise<Primary> {
  const { rows } = await admin.query<{ data: string; binaries: string; flags: string[] }>(
    `SELECT current_setting('data_directory') AS data,
            (SELECT setting FROM pg_config WHERE name = 'BINDIR') AS binaries,
            (SELECT array_agg(name || '=' || current_setting(name)) FROM pg_settings WHERE source = 'command line' AND name <> ALL ($1)) AS flags`,
    [places],
  )
  const [{ data, binaries, flags }] = rows as [(typeof rows)[number]]
  return { dataDirectory: data, binaries, flags: flags.flatMap((flag) => ['-c', flag]) }
}

/** For root the server runs as another user. */
function giveTo(folder: string, uid: number, gid: number): void {
  if (process.getuid?.() !== 0) return
  for (const path of [folder, ...readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name)))])
    lchownSync(path, uid, gid)
}

async function waitForStandby(admin: pg.Client): Promise<void> {
  await admin.query("ALTER SYSTEM SET synchronous_standby_names = '*'")
  await admin.query('SELECT pg_reload_conf()')
  const isThere = "SELECT FROM pg_stat_replication WHERE application_name = 'standby' AND sync_state = 'sync'"
  while ((await admin.query(isThere)).rowCount === 0) await sleep(20)
}

/** Connects as soon as the server answers. @throws Error if its process ends before that */
async function connect(url: string, child?: ChildProcess): Promise<pg.Client> {
  for (;;) {
    const client = new pg.Client({ connectionString: url })
    client.on('error', () => {})
    try {
      await client.connect()
      return client
    } catch (error) {
      if (child === undefined || child.exitCode !== null) throw error
      await sleep(20)
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as AddressInfo
  probe.close()
  await once(probe, 'close')
  return port
}
