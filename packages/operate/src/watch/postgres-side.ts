import { askRows, type Ask } from '../ask/ask.ts'
import type { ResolvedWatch, WatchConnection } from './options.ts'
import { limitsOf, type Login } from './rights.ts'
import { ServerClock } from './server-clock.ts'
import type { Side } from './side.ts'
import type { Act, Use } from './connections.ts'
import { actStatement, useStatement } from './statement.ts'

/** How long one statement may take, in milliseconds. It waits up to 5 seconds for the end of processes. */
const statementMillis = 14_000

/** Our own session, which lasts: nothing of the role or the database may end it or change what a name means. */
function sessionOf({ version }: Login): string {
  const settings = {
    application_name: 'poolsafe-watch',
    search_path: 'pg_catalog',
    standard_conforming_strings: 'on',
    statement_timeout: String(statementMillis),
    idle_in_transaction_session_timeout: '0',
    jit: 'off',
    max_parallel_workers_per_gather: '0',
    ...(version >= 140_000 && { idle_session_timeout: '0' }),
  }
  const texts = Object.entries(settings).map(([name, value]) => `SET ${name} = '${value}'`)
  // The application may guard all its connections.
  return `/* poolsafe-allow session/set: the connection belongs to the watch */ ${texts.join('; ')}`
}

/** The sessions of PostgreSQL, on a direct connection. */
export class PostgresSide implements Side {
  readonly about: string
  readonly limits: readonly string[]
  readonly #connection: WatchConnection
  readonly #console: WatchConnection | undefined
  readonly #options: ResolvedWatch
  readonly #login: Login
  readonly #clock = new ServerClock()
  #names: ReadonlyMap<string, string> = new Map()
  /** Processes whose name has changed: other clients use them in turn. By process and start. */
  #shared: ReadonlyMap<string, number> = new Map()

  private constructor(
    connection: WatchConnection,
    console: WatchConnection | undefined,
    login: Login,
    options: ResolvedWatch,
  ) {
    this.#connection = connection
    this.#console = console
    this.#login = login
    this.#options = options
    this.about = `${login.standby ? 'a standby of ' : ''}PostgreSQL ${Math.floor(login.version / 10_000)}, database ${login.database}, as ${login.role}`
    this.limits = limitsOf(login, options)
  }

  static async open(
    connection: WatchConnection,
    console: WatchConnection | undefined,
    login: Login,
    options: ResolvedWatch,
  ): Promise<PostgresSide> {
    await connection.ask(sessionOf(login))
    return new PostgresSide(connection, console, login, options)
  }

  async use(): Promise<Use> {
    const asked = performance.now()
    const [row] = await askRows<Use & { readonly now: number }>(
      this.#connection.ask,
      'the number of connections',
      useStatement,
    )
    const { now, ...use } = row as Use & { readonly now: number }
    this.#clock.note(now, asked, performance.now())
    return use
  }

  /**
   * A server connection of a pooler bears the name of its last client, or none after a RESET ALL of that client. A
   * connection that is still logging in has no name yet, and no state but `starting` (PostgreSQL 18).
   */
  async observe(): Promise<void> {
    const rows = await askRows<{ readonly key: string; readonly pid: number; readonly name: string }>(
      this.#connection.ask,
      'the names of connections',
      "SELECT pid || '@' || backend_start AS key, pid, application_name AS name FROM pg_stat_activity WHERE state <> 'starting'",
    )
    const isShared = ({ key, name }: (typeof rows)[number]): boolean =>
      this.#shared.has(key) || (this.#names.get(key) ?? name) !== name
    this.#shared = new Map(rows.filter(isShared).map(({ key, pid }) => [key, pid]))
    this.#names = new Map(rows.map(({ key, name }) => [key, name]))
  }

  async act(): Promise<Act> {
    const known = {
      version: this.#login.version,
      aheadMillis: this.#clock.aheadAt(performance.now(), this.#options.idleMillis),
      poolerPids: [
        ...this.#shared.values(),
        ...(this.#console === undefined ? [] : await serversOf(this.#console.ask)),
      ],
    }
    const [act] = await askRows<Act>(this.#connection.ask, 'the connections', actStatement(this.#options, known))
    return act as Act
  }

  async close(): Promise<void> {
    await this.#connection.close()
    await this.#console?.close()
  }
}

/** The processes that PgBouncer is connected to. */
async function serversOf(ask: Ask): Promise<number[]> {
  const servers = await ask('SHOW SERVERS')
  return servers.map((server) => Number(server['remote_pid'])).filter((pid) => Number.isInteger(pid) && pid > 0)
}
