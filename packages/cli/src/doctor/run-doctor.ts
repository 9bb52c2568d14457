import { loadConfigSync, poolerNamed } from '@poolsafe/config'
import type { PoolerProfile } from '@poolsafe/core'
import { DatabaseUnreadableError, doctor, type DoctorOptions, type DoctorReport } from '@poolsafe/operate'
import { databaseUrl, isConsole, messageOf, openData, openDatabase, type OpenDatabase } from '../database/connect.ts'
import { exitCodes, type ExitCode } from '../exit-code.ts'
import { bytesOf, numberOf } from '../numbers.ts'
import { jsonReport } from '../schema-url.ts'
import type { Style } from '../terminal/style.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { formatDoctor } from './format-doctor.ts'
import { htmlDoctor } from './html-doctor.ts'
import { tryStartup, withoutSettings } from './startup.ts'

/** The options of `poolsafe doctor` as they are typed. */
export interface DoctorFlags {
  readonly url?: string
  readonly directUrl?: string
  readonly adminUrl?: string
  readonly pooler?: string
  readonly processes?: string
  readonly pool?: string
  readonly poolers?: string
  readonly namedStatements?: boolean
  readonly requestTimeout?: string
  readonly ram?: string
  readonly format: 'pretty' | 'json' | 'html'
}

/**
 * Exits with 1 for a failure. Warnings, and what could not be seen, do not change the exit code.
 *
 * @throws UsageError without a URL, and for a flag that is no number
 * @throws DatabaseUnreadableError if the database does not answer
 */
export async function runDoctor(flags: DoctorFlags, terminal: Terminal, style: Style): Promise<ExitCode> {
  const url = databaseUrl(flags.url, terminal.env, { option: '--url', variable: 'DATABASE_URL' })
  const numbers = numbersOf(flags)
  const pooler = profileOf(flags.pooler, terminal.cwd)
  const opened: OpenDatabase[] = []
  try {
    const connections = await connect(url, flags, terminal, opened)
    const report = await doctor({ ...connections, ...numbers, ...(pooler !== undefined && { pooler }) })
    terminal.out(printed(report, flags.format, style, terminal.columns))
    return report.checks.some(({ status }) => status === 'failure') ? exitCodes.findings : exitCodes.clean
  } finally {
    for (const database of opened) await database.close()
  }
}

function printed(report: DoctorReport, format: DoctorFlags['format'], style: Style, columns: number): string {
  if (format === 'json') return jsonReport('doctor', report)
  return format === 'html' ? htmlDoctor(report) : formatDoctor(report, style, columns)
}

type Connections = Pick<DoctorOptions, 'connection' | 'url' | 'direct' | 'admin' | 'startup'>

async function connect(
  url: string,
  flags: DoctorFlags,
  { env }: Terminal,
  opened: OpenDatabase[],
): Promise<Connections> {
  const keep = (database: OpenDatabase): OpenDatabase => {
    opened.push(database)
    return database
  }
  const open = async (at: string): Promise<OpenDatabase> => keep(await openData(at, 'poolsafe-doctor'))
  const openAny = async (at: string): Promise<OpenDatabase> => keep(await openDatabase(at, 'poolsafe-doctor'))
  const { url: bare, sent } = withoutSettings(url)
  const connection = await open(bare)
  const directUrl = flags.directUrl ?? env['DIRECT_URL'] ?? ''
  const direct =
    directUrl === '' ? undefined : await openDirect(databaseUrl(flags.directUrl, env, directNames), flags, open)
  return {
    connection,
    url,
    admin: await consoleOf(flags.adminUrl ?? consoleUrl(bare), openAny),
    startup: await tryStartup(url, sent, opened),
    ...(direct !== undefined && { direct }),
  }
}

const directNames = { option: '--direct-url', variable: 'DIRECT_URL' } as const

/** The message says which of the two URLs does not work. */
async function openDirect(
  url: string,
  { directUrl }: DoctorFlags,
  open: (url: string) => Promise<OpenDatabase>,
): Promise<OpenDatabase> {
  try {
    return await open(url)
  } catch (error) {
    const name = directUrl === undefined ? directNames.variable : directNames.option
    throw new DatabaseUnreadableError(`${name}: ${messageOf(error)}`, { cause: error })
  }
}

/** PgBouncer's console is the database `pgbouncer` at the same address. */
function consoleUrl(url: string): string {
  const at = new URL(url)
  at.pathname = '/pgbouncer'
  return at.href
}

/** A console that cannot be reached is a message of the report, not an error. */
async function consoleOf(url: string, open: (url: string) => Promise<OpenDatabase>): Promise<OpenDatabase['ask']> {
  try {
    const database = await open(url)
    if (isConsole(database)) return database.ask
    throw new Error('it is a database, not PgBouncer’s console: its name there is pgbouncer')
  } catch (error) {
    const why = messageOf(error)
    return async () => Promise.reject(new Error(why))
  }
}

function profileOf(name: string | undefined, cwd: string): PoolerProfile | undefined {
  return name === undefined ? loadConfigSync(cwd).config.guard?.pooler : poolerNamed(name)
}

function numbersOf(flags: DoctorFlags): Partial<DoctorOptions> {
  const { processes, pool, poolers, requestTimeout, ram, namedStatements } = flags
  return {
    ...(processes !== undefined && { processes: numberOf('processes', processes) }),
    ...(pool !== undefined && { pool: numberOf('pool', pool) }),
    ...(poolers !== undefined && { poolers: numberOf('poolers', poolers) }),
    ...(requestTimeout !== undefined && { requestTimeoutMillis: numberOf('requestTimeout', requestTimeout) }),
    ...(ram !== undefined && { ramBytes: bytesOf('ram', ram) }),
    ...(namedStatements === true && { namedStatements }),
  }
}
