import { UsageError } from '@poolsafe/config'
import { DatabaseUnreadableError, type Ask } from '@poolsafe/operate'
import pg from 'pg'

/** How long a login may take, in milliseconds. */
const connectionTimeoutMillis = 10_000

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
export function shownUrl(url: string): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname}`
}

/**
 * Connects once, runs work on that connection and closes it.
 *
 * @throws DatabaseUnreadableError if the server does not answer or refuses the login
 */
export async function withDatabase<Result>(
  url: string,
  name: string,
  work: (ask: Ask) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({ connectionString: url, application_name: name, connectionTimeoutMillis })
  // The query under way rejects; without a listener the process would end.
  client.on('error', () => {})
  try {
    await client.connect()
  } catch (error) {
    throw new DatabaseUnreadableError(`could not connect to ${shownUrl(url)}: ${reasonOf(error)}`, { cause: error })
  }
  try {
    return await work(async (sql) => rowsOf(await client.query<Record<string, unknown>>(sql)))
  } finally {
    await client.end().catch(() => {})
  }
}

/** Several statements in one text have several answers; the last one counts. */
function rowsOf(
  answer: pg.QueryResult<Record<string, unknown>> | pg.QueryResult<Record<string, unknown>>[],
): Record<string, unknown>[] {
  return (Array.isArray(answer) ? answer.at(-1)?.rows : answer.rows) ?? []
}

/** Node joins the errors of all addresses of a host, without a message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reasonOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}
