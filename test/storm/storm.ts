import { dedicatedConnection } from '@poolsafe/pg'
import { watchConnections, type ConnectionWatch, type WatchOptions } from '@poolsafe/operate'
import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { Crowd, type CrowdCounts } from './crowd.ts'
import { linePrefix, terminationsIn, type Terminations } from './log-of-terminations.ts'

/** The result of a storm. */
export interface StormResult {
  readonly shop: CrowdCounts
  readonly others: readonly CrowdCounts[]
  /** Connections that the watches say they have closed. */
  readonly closed: number
  /** Connections that the server says were closed. */
  readonly terminations: Terminations
  readonly seconds: number
}

/** Watches act together: replicas of one deployment. */
const replicas = 2

/** A server for 100 connections, whose log says which sessions are closed. */
async function startServer(): Promise<PostgresServer> {
  const server = await startPostgres({ settings: { max_connections: '100', log_line_prefix: linePrefix } })
  const owner = new pg.Client(server.url)
  await owner.connect()
  // Thousands of logins, so that checking the password must be cheap.
  await owner.query(`SET scram_iterations = 1; CREATE ROLE shop LOGIN PASSWORD 'word'; CREATE ROLE billing LOGIN PASSWORD 'word';
    CREATE ROLE reports LOGIN PASSWORD 'word'; CREATE ROLE watcher LOGIN PASSWORD 'word';
    GRANT pg_read_all_stats, pg_signal_backend TO watcher`)
  await owner.end()
  return server
}

function urlOf(server: PostgresServer, role: string): string {
  const url = new URL(server.url)
  url.username = role
  url.password = 'word'
  return url.href
}

function watchOf(server: PostgresServer, more: Partial<WatchOptions>): Promise<ConnectionWatch> {
  return watchConnections({
    connect: () => dedicatedConnection(new pg.Client({ connectionString: urlOf(server, 'watcher') })),
    applications: ['shop-*'],
    apply: true,
    ...more,
  })
}

function closedBy(watches: readonly ConnectionWatch[]): number {
  return watches.reduce((sum, watch) => sum + (watch.stats().closed['shop-*'] ?? 0), 0)
}

const between = (least: number, most: number) => (): number => least + Math.random() * (most - least)

/** 300 clients of three applications want 100 connections; two watches keep room, at the expense of `shop` alone. */
export async function storm(seconds: number): Promise<StormResult> {
  const server = await startServer()
  const watch = { intervalMillis: 500, alarmMillis: 100, idleMillis: 500 }
  const watches = await Promise.all(Array.from({ length: replicas }, () => watchOf(server, watch)))
  const begin = performance.now()
  const crowd = (application: string, role: string, pause: () => number, clients = 100): Crowd =>
    new Crowd({ url: urlOf(server, role), application, clients, pause, work: between(0, 200) })
  // Those of the shop are idle for seconds; the others are never idle for long, and a few of them leave.
  const shop = crowd('shop-api', 'shop', between(2000, 6000))
  const others = [crowd('billing', 'billing', between(0, 3000), 30), crowd('reports', 'reports', between(0, 3000), 30)]
  await sleep(seconds * 500)
  // New clients arrive in the middle.
  others.push(crowd('billing', 'billing', between(0, 500), 5), crowd('reports', 'reports', between(0, 500), 5))
  await sleep(seconds * 500)
  return finish(server, watches, shop, others, begin)
}

async function finish(
  server: PostgresServer,
  watches: readonly ConnectionWatch[],
  shop: Crowd,
  others: readonly Crowd[],
  begin: number,
): Promise<StormResult> {
  await Promise.all(watches.map((watch) => watch.stop()))
  const seconds = (performance.now() - begin) / 1000
  const counts = await shop.stop()
  const ofOthers = await Promise.all(others.map((crowd) => crowd.stop()))
  // A server that stops closes what is left, and logs it in the same words.
  const terminations = terminationsIn(server.log())
  await server.stop()
  return { shop: counts, others: ofOthers, closed: closedBy(watches), terminations, seconds }
}

/** Clients that hold a transaction open. */
const holding = 15

/**
 * Clients that wake up at about the moment at which the watches close them, until so many connections have been closed.
 * Others never leave their transaction, and are idle in it for longer than the watches allow.
 */
export async function races(count: number): Promise<StormResult> {
  const server = await startServer()
  const watch = { intervalMillis: 100, alarmMillis: 100, idleMillis: 100, aboveShare: 0.05 }
  const url = urlOf(server, 'shop')
  const holders = new Crowd({
    url,
    application: 'shop-holder',
    clients: holding,
    pause: () => 0,
    work: between(200, 900),
    stays: true,
  })
  // Before its BEGIN a client is idle, and on a busy machine for longer than the watches allow.
  while (holders.staying < holding) await sleep(20)
  const watches = await Promise.all(Array.from({ length: replicas }, () => watchOf(server, watch)))
  const begin = performance.now()
  const racers = new Crowd({
    url,
    application: 'shop-racer',
    clients: 60,
    pause: between(80, 300),
    work: between(0, 5),
  })
  while (closedBy(watches) < count) await sleep(50)
  return finish(server, watches, racers, [holders], begin)
}
