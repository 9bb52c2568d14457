import { askRows, type Ask } from '../ask/ask.ts'
import { WatchRefusedError } from './errors.ts'
import type { ResolvedWatch, WatchConnection } from './options.ts'
import { matches, ownNames } from './patterns.ts'
import type { Login } from './rights.ts'
import type { Side } from './side.ts'
import type { Act, ClosedConnection, ConnectionGroup, Use, Verdict } from './connections.ts'
import { lockKey } from './statement.ts'

/** A row of SHOW CLIENTS. */
interface Client {
  readonly id: number
  readonly application: string
  readonly role: string
  readonly database: string
  readonly address: string
  /** Has a server connection, or waits for one. */
  readonly isBusy: boolean
  /** When its last request began. */
  readonly requestTime: string
}

/** A client that has done nothing since it was seen first. */
interface Quiet {
  readonly requestTime: string
  readonly since: number
}

/** The clients of PgBouncer, through its console. */
export class PgBouncerSide implements Side {
  readonly about: string
  readonly limits: readonly string[] = []
  readonly #connection: WatchConnection
  readonly #console: WatchConnection
  readonly #options: ResolvedWatch
  readonly #slots: number
  #quiet: ReadonlyMap<number, Quiet> = new Map()

  private constructor(
    connection: WatchConnection,
    console: WatchConnection,
    options: ResolvedWatch,
    about: string,
    slots: number,
  ) {
    this.#connection = connection
    this.#console = console
    this.#options = options
    this.about = about
    this.#slots = slots
  }

  /** @throws WatchRefusedError for a PgBouncer that cannot close clients */
  static async open(
    connection: WatchConnection,
    console: WatchConnection,
    login: Login,
    options: ResolvedWatch,
  ): Promise<PgBouncerSide> {
    const [row] = await console.ask('SHOW VERSION')
    const version = /\d+\.\d+/.exec(JSON.stringify(row ?? ''))?.[0] ?? ''
    const [major = 0, minor = 0] = version.split('.').map(Number)
    if (major * 100 + minor < 124)
      throw new WatchRefusedError(
        `PgBouncer ${version} cannot close one client: its console has KILL_CLIENT from version 1.24 on`,
      )
    const config = await console.ask('SHOW CONFIG')
    const most = config.find(({ key }) => key === 'max_client_conn')?.['value']
    const about = `the clients of PgBouncer ${version}, as ${login.role}`
    return new PgBouncerSide(connection, console, options, about, Number(most))
  }

  async use(): Promise<Use> {
    const lists = await this.#console.ask('SHOW LISTS')
    return { used: Number(lists.find(({ list }) => list === 'used_clients')?.['items']), slots: this.#slots }
  }

  /** The console says when a client's last request began, not when it ended. */
  async observe(): Promise<void> {
    await this.#look()
  }

  async act(): Promise<Act> {
    const { ask } = this.#connection
    if (!this.#options.apply) return this.#actOn(await this.#look(), true)
    await ask('BEGIN')
    try {
      const [turn] = await askRows<{ readonly mine: boolean }>(
        ask,
        'the lock of the watch',
        `SELECT pg_catalog.pg_try_advisory_xact_lock(${lockKey}) AS mine`,
      )
      return await this.#actOn(turn?.mine === true ? await this.#look() : [], turn?.mine === true)
    } finally {
      await ask('ROLLBACK')
    }
  }

  async #actOn(clients: readonly Client[], isMine: boolean): Promise<Act> {
    const judged = clients.map((client) => ({ client, verdict: this.#judge(client) }))
    const groups = groupsOf(judged)
    const excess = Math.max(clients.length - Math.floor(this.#slots * this.#options.aboveShare), 0)
    const candidates = judged
      .filter(({ verdict }) => verdict === 'close')
      .map(({ client }) => client)
      .toSorted((a, b) => this.#idleSince(a) - this.#idleSince(b))
    const closed: ClosedConnection[] = []
    for (const client of candidates) {
      if (closed.length >= excess) break
      const said = this.#describe(client)
      if (!this.#options.apply || (await this.#kill(client))) closed.push(said)
    }
    return { isMine, used: clients.length, slots: this.#slots, remaining: 0, closed, groups }
  }

  /** The console has no condition for KILL_CLIENT, so the client is looked at immediately before it. */
  async #kill(client: Client): Promise<boolean> {
    const now = (await this.#look()).find(({ id }) => id === client.id)
    if (now === undefined || this.#judge(now) !== 'close') return false
    await this.#console.ask(`KILL_CLIENT ${client.id}`)
    return true
  }

  async #look(): Promise<readonly Client[]> {
    const clients = await clientsOf(this.#console.ask)
    const now = performance.now()
    this.#quiet = new Map(
      clients.flatMap(({ id, isBusy, requestTime }): [number, Quiet][] => {
        const before = this.#quiet.get(id)
        if (isBusy) return []
        return [[id, before?.requestTime === requestTime ? before : { requestTime, since: now }]]
      }),
    )
    return clients
  }

  #idleSince({ id }: Client): number {
    return this.#quiet.get(id)?.since ?? Infinity
  }

  #judge(client: Client): Verdict {
    const { applications, roles, idleMillis } = this.#options
    const isOurs =
      applications.some((pattern) => matches(pattern, client.application)) && !client.application.startsWith(ownNames)
    if (!isOurs) return 'application'
    if (roles.length > 0 && !roles.includes(client.role)) return 'role'
    if (client.isBusy) return 'active'
    return performance.now() - this.#idleSince(client) >= idleMillis ? 'close' : 'recent'
  }

  #describe(client: Client): ClosedConnection {
    const { id: pid, application, role, database, address } = client
    const pattern = this.#options.applications.find((each) => matches(each, application)) ?? ''
    const idleMillis = Math.floor(performance.now() - this.#idleSince(client))
    return { pid, application, pattern, role, database, address, idleMillis }
  }

  async close(): Promise<void> {
    await this.#connection.close()
    await this.#console.close()
  }
}

async function clientsOf(ask: Ask): Promise<Client[]> {
  return (await ask('SHOW CLIENTS')).map((row) => ({
    id: Number(row['id']),
    application: textOf(row['application_name']),
    role: textOf(row['user']),
    database: textOf(row['database']),
    address: textOf(row['addr']),
    isBusy: row['state'] !== 'idle' || row['link'] !== '' || row['replication'] !== 'none',
    requestTime: textOf(row['request_time']),
  }))
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function groupsOf(judged: readonly { readonly client: Client; readonly verdict: Verdict }[]): ConnectionGroup[] {
  const groups = new Map<string, ConnectionGroup>()
  for (const { client, verdict } of judged) {
    const { application, role, database } = client
    const key = JSON.stringify([application, role, database, verdict])
    const count = (groups.get(key)?.count ?? 0) + 1
    groups.set(key, { application, role, database, verdict, count })
  }
  return [...groups.values()].toSorted((a, b) => b.count - a.count).slice(0, 20)
}
