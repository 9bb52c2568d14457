import { dedicatedConnection } from '@poolsafe/pg'
import { watchConnections, type ConnectionWatch, type WatchEvent, type WatchOptions } from '@poolsafe/operate'
import pg from 'pg'
import { vi } from 'vitest'

/** One client, and the errors that its connection met. */
export interface Guest {
  readonly client: pg.Client
  readonly pid: number
  readonly errors: string[]
}

/** A server, and the clients that connect to it in a test. */
export class Stage {
  readonly #url: string
  readonly #guests: Guest[] = []
  readonly #watches: ConnectionWatch[] = []

  constructor(url: string) {
    this.#url = url
  }

  urlFor(role: string): string {
    const url = new URL(this.#url)
    url.username = encodeURIComponent(role)
    url.password = 'word'
    return url.href
  }

  /** Connects one client, which idles after one statement. */
  async connect(application: string, role = 'shop', url: string = this.urlFor(role)): Promise<Guest> {
    const client = new pg.Client({ connectionString: url, application_name: application })
    const errors: string[] = []
    client.on('error', (error: Error & { code?: string }) => errors.push(error.code ?? error.message))
    await client.connect()
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
    const guest = { client, pid: rows[0]?.pid ?? 0, errors }
    this.#guests.push(guest)
    return guest
  }

  async connectMany(count: number, application: string, role = 'shop'): Promise<Guest[]> {
    return Promise.all(Array.from({ length: count }, () => this.connect(application, role)))
  }

  /** Starts a watch that looks ten times a second, and collects its events. */
  async watch(
    more: Partial<WatchOptions> = {},
    url: string = this.urlFor('watcher'),
  ): Promise<{ readonly watch: ConnectionWatch; readonly events: WatchEvent[] }> {
    const events: WatchEvent[] = []
    const watch = await watchConnections({
      connect: () => dedicatedConnection(new pg.Client({ connectionString: url })),
      applications: ['shop-*'],
      apply: true,
      intervalMillis: 100,
      idleMillis: 100,
      aboveShare: 0.5,
      onEvent: (event) => events.push(event),
      ...more,
    })
    this.#watches.push(watch)
    return { watch, events }
  }

  /** Ends everything. */
  async clear(): Promise<void> {
    await Promise.all(this.#watches.splice(0).map((watch) => watch.stop()))
    await Promise.all(this.#guests.splice(0).map(({ client }) => client.end().catch(() => {})))
  }
}

/** Waits for a condition. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  await vi.waitUntil(isSo, { timeout: 30_000, interval: 20 })
}

export function closedOf(events: readonly WatchEvent[]): number[] {
  return events.flatMap((event) => (event.kind === 'closed' ? [event.connection.pid] : []))
}

/** Makes the roles of a test on its server. */
export async function openStage(url: string): Promise<Stage> {
  const owner = new pg.Client(url)
  await owner.connect()
  await owner.query(roles)
  await owner.end()
  return new Stage(url)
}

/** Roles of all tests, on a server of their own. */
export const roles = `CREATE ROLE shop LOGIN PASSWORD 'word'; CREATE ROLE other LOGIN PASSWORD 'word';
  CREATE ROLE boss LOGIN SUPERUSER PASSWORD 'word'; CREATE ROLE blind LOGIN PASSWORD 'word';
  CREATE ROLE watcher LOGIN PASSWORD 'word'; GRANT pg_read_all_stats, pg_signal_backend TO watcher`
