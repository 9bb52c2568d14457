import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Connection } from './connection.ts'
import { HostilePooler } from './hostile-pooler.ts'
import { resolveOptions, type HostilePoolerOptions, type ResolvedOptions } from './options.ts'
import type { HostileReport } from './report.ts'
import { connectTo, type Address } from './server-session.ts'
import { tellHidden } from '../strict/hidden-finding.ts'
import { call } from '../strict/witness.ts'

/** A running hostile pooler. */
export interface HostilePoolerServer {
  readonly host: '127.0.0.1'
  readonly port: number
  /**
   * The way to the target's database, for the target's user, through the pooler; without a password, which it does not
   * ask for.
   */
  readonly url: string
  /** The same for another user or another database. */
  urlFor(user: string, database?: string): string
  /** What was found so far, complete for every transaction whose answer has reached its client. */
  reports(): Promise<readonly HostileReport[]>
  /** Sends the clients away (57P01), ends all server sessions and frees the port. */
  stop(): Promise<void>
}

const host = '127.0.0.1'

/** How long clients that are leaving have for it, in milliseconds, before the others are sent away. */
const leavingMillis = 500

/** How long a client has to read its farewell, in milliseconds. */
const farewellMillis = 500

/**
 * Starts a pooler for tests on a free port of 127.0.0.1: in transaction mode at its worst. Each transaction of a
 * client, a statement outside of one included, runs on another server session than the one before; what it changed in
 * that session is found and reported. Any client in any language can connect.
 *
 * @throws InvalidOptionError for an option that it does not have, and for a profile of a pooler that carries everything
 * @throws Error where nobody answers at the address of the target
 */
export async function startHostilePooler(options: HostilePoolerOptions): Promise<HostilePoolerServer> {
  const resolved = resolveOptions(options)
  await checkTarget(resolved.address)
  const onReport = (report: HostileReport): void => {
    tellHidden(report, resolved.pooler)
    resolved.onReport(report)
  }
  const pooler = new HostilePooler({ ...resolved, onReport })
  const dismiss = call({ settled: () => pooler.settled() })
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket.once('close', () => sockets.delete(socket)))
    new Connection(socket, pooler, resolved).serve(sockets.size > resolved.maxConnections)
  })
  server.listen(0, host)
  await once(server, 'listening')
  return toHandle({ server, sockets, pooler, dismiss }, resolved)
}

/** Clients would hear of it much later, each from its own login. */
async function checkTarget(address: Address): Promise<void> {
  try {
    const socket = await connectTo(address)
    socket.destroy()
  } catch (cause) {
    const { code = 'no answer' } = cause as { code?: string }
    const instead =
      'start PostgreSQL first, or take one that is made for the test: `await startPostgres()` of @poolsafe/testing/servers'
    throw new Error(
      `startHostilePooler(): there is no PostgreSQL at ${address.host}, port ${address.port} (${code}); ${instead}`,
      {
        cause,
      },
    )
  }
}

interface Running {
  readonly server: Server
  readonly sockets: ReadonlySet<Socket>
  readonly pooler: HostilePooler
  /** Strict mode waits for the reports of what runs. */
  readonly dismiss: () => void
}

function toHandle(running: Running, { user: ownUser, database: ownDatabase }: ResolvedOptions): HostilePoolerServer {
  const { server, pooler } = running
  const { port } = server.address() as AddressInfo
  const urlFor = (user: string, database = ownDatabase): string => {
    return `postgresql://${encodeURIComponent(user)}@${host}:${port}/${encodeURIComponent(database)}`
  }
  let stopping: Promise<void> | undefined
  return {
    host,
    port,
    url: urlFor(ownUser),
    urlFor,
    reports: async () => {
      await pooler.settled()
      return pooler.settling.reports
    },
    stop: () => (stopping ??= stop(running)),
  }
}

async function stop({ server, sockets, pooler, dismiss }: Running): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  // The pool of pg has ended before its connections have.
  await Promise.race([closed, sleep(leavingMillis)])
  await pooler.end()
  dismiss()
  for (const socket of sockets) socket.end()
  const cut = setTimeout(() => {
    for (const socket of sockets) socket.destroy()
  }, farewellMillis)
  await closed
  clearTimeout(cut)
}
