import type { PostgresServer } from '@poolsafe/testing/servers'
import pg from 'pg'
import { until } from './until.ts'

/** The database of one act. */
export interface Stage {
  /** The application's URL through the pooler. */
  readonly pooledUrl: string
  /** The application's direct URL. */
  readonly directUrl: string
  /** Asks the server directly, as a superuser, for the one number that `sql` selects. */
  count(sql: string): Promise<number>
  /** How many statements with this text have reached the server, by the server's own log. */
  reached(text: string): Promise<number>
  /** Removes the database, with everything that was left on its server connections. */
  close(): Promise<void>
}

/** The parts of a stage. */
export interface House {
  readonly postgres: PostgresServer
  /** The application's URL through the pooler, for any database. */
  readonly pooledUrl: string
  readonly admin: pg.Client
  readonly app: { readonly user: string; readonly password: string }
}

export async function openStage(
  { postgres, pooledUrl, admin, app }: House,
  name: string,
  setup: string,
): Promise<Stage> {
  await admin.query(`CREATE DATABASE ${name} OWNER ${app.user}`)
  const direct = new pg.Client(withDatabase(postgres.url, name))
  await direct.connect()
  await direct.query(setup)
  const linesOfStage = (): string[] =>
    postgres
      .log()
      .split('\n')
      .filter((line) => line.startsWith(`<${name}> `))
  return {
    pooledUrl: withDatabase(pooledUrl, name),
    directUrl: withDatabase(postgres.url, name, app),
    count: async (sql) => Number(Object.values((await direct.query<Record<string, unknown>>(sql)).rows[0] ?? {})[0]),
    reached: async (text) => {
      // The server has not sent anything that it logs after this line.
      const end = `SELECT 'end of the act'`
      await direct.query(end)
      await until(() => linesOfStage().some((line) => line.includes(end)))
      return linesOfStage().filter((line) => line.includes(text)).length
    },
    close: async () => {
      await direct.end()
      await admin.query(`DROP DATABASE ${name} WITH (FORCE)`)
    },
  }
}

function withDatabase(url: string, database: string, login?: House['app']): string {
  const changed = new URL(url)
  changed.pathname = `/${database}`
  if (login !== undefined) Object.assign(changed, { username: login.user, password: login.password })
  return changed.href
}
