import { UsageError } from '@poolsafe/config'
import { classifyFailure } from '@poolsafe/core'
import { adviceOn, DatabaseUnreadableError, type DoctorConnection } from '@poolsafe/operate'
import pg from 'pg'

/** How long a login may take, in milliseconds. */
const connectionTimeoutMillis = 10_000

/** A login that fails because all connections are taken is what one looks for with these commands. */
const forFullServers =
  '. A superuser gets in by the reserved connections; `poolsafe watch` closes idle ones, and `poolsafe size` has the numbers'

/** How long an answer may take, in milliseconds. The server's own limit is 60 seconds. */
const answerTimeoutMillis = 90_000

/**
 * Returns the URL of a database: that of the option, or that of the variable.
 *
 * @throws UsageError if there is none, or if it is no URL of PostgreSQL
 */
export function databaseUrl(
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  { option, variable }: { readonly option: string; readonly variable: string },
): string {
  const url = given ?? env[variable] ?? ''
  if (url === '') throw new UsageError(`no database: give ${option}, or set ${variable}`)
  if (!URL.canParse(url) || !/^postgres(?:ql)?:$/.test(new URL(url).protocol))
    throw new UsageError(
      `${given === undefined ? variable : option} is not a URL such as postgresql://user@host:5432/database`,
    )
  return url
}

/** The URL without what may be secret: host, port and database. */
function shownUrl(url: string): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}

/** An open connection, with what its login showed. */
export interface OpenDatabase extends DoctorConnection {
  readonly close: () => Promise<void>
}

/** The parts of a client of pg that its types lack. */
interface Inside {
  readonly processID: number | null
  readonly connection: {
    readonly stream: { readonly encrypted?: boolean; readonly remoteAddress?: string }
    on(event: 'parameterStatus', listener: (message: { parameterName: string; parameterValue: string }) => void): void
  }
}

/**
 * Connects once.
 *
 * @throws DatabaseUnreadableError if the server does not answer or refuses the login
 */
export async function openDatabase(url: string, name: string): Promise<OpenDatabase> {
  const client = clientOf(url, name)
  const inside = client as unknown as Inside
  const parameterStatus: Record<string, string> = {}
  // The query under way rejects; without a listener the process would end.
  client.on('error', () => {})
  inside.connection.on('parameterStatus', (message) => {
    parameterStatus[message.parameterName] = message.parameterValue
  })
  try {
    await client.connect()
  } catch (error) {
    await client.end().catch(() => {})
    const advice = `${adviceOn(error)}${classifyFailure(error)?.kind === 'tooManyClients' ? forFullServers : ''}`
    throw new DatabaseUnreadableError(`could not connect to ${shownUrl(url)}: ${messageOf(error)}${advice}`, {
      cause: error,
    })
  }
  const { stream } = inside.connection
  return {
    ask: async (sql) => rowsOf(await client.query<Record<string, unknown>>(sql)),
    ...(inside.processID !== null && { processId: inside.processID }),
    parameterStatus,
    isEncrypted: stream.encrypted === true,
    isLocal: isLocal(stream.remoteAddress),
    close: async () => client.end().catch(() => {}),
  }
}

/** The driver reads the files that the URL names, such as `sslrootcert`. */
function clientOf(url: string, name: string): pg.Client {
  try {
    return new pg.Client({
      connectionString: url,
      application_name: name,
      connectionTimeoutMillis,
      query_timeout: answerTimeoutMillis,
    })
  } catch (error) {
    throw new DatabaseUnreadableError(`could not connect to ${shownUrl(url)}: ${messageOf(error)}`, { cause: error })
  }
}

/** A socket in the file system has no address. */
function isLocal(address: string | undefined): boolean {
  return address === undefined || address === '::1' || /^(?:::ffff:)?127\./.test(address)
}

/** PgBouncer's console answers a login with a version such as `1.26.1/bouncer`. */
export function isConsole({ parameterStatus }: OpenDatabase): boolean {
  return parameterStatus?.['server_version']?.endsWith('/bouncer') === true
}

/**
 * Connects once, to a database and not to the console of a pooler. See {@link openDatabase}.
 *
 * @throws DatabaseUnreadableError
 */
export async function openData(url: string, name: string): Promise<OpenDatabase> {
  const database = await openDatabase(url, name)
  if (!isConsole(database)) return database
  await database.close()
  throw new DatabaseUnreadableError(
    `${shownUrl(url)} is PgBouncer’s console, which answers no SQL: give the URL of a database of your application`,
  )
}

/** Connects once, runs work on that connection and closes it. See {@link openData}. */
export async function withDatabase<Result>(
  url: string,
  name: string,
  work: (database: OpenDatabase) => Promise<Result>,
): Promise<Result> {
  const database = await openData(url, name)
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}

/** Several statements in one text have several answers; the last one counts. */
function rowsOf(
  answer: pg.QueryResult<Record<string, unknown>> | pg.QueryResult<Record<string, unknown>>[],
): Record<string, unknown>[] {
  return (Array.isArray(answer) ? answer.at(-1)?.rows : answer.rows) ?? []
}

/** Returns the message of an error. Node joins the errors of all addresses of a host, without a message of its own. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
