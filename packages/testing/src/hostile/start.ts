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
   * The pooled URL of the target's database for the target's user, without a password, which is not required.
   */
  readonly url: string
  /** Returns the pooled URL for another user or another database. */
  urlFor(user: string, database?: string): string
  /** The reports so far, complete for every transaction whose answer has reached its client. */
  reports(): Promise<readonly HostileReport[]>
  /** Disconnects the clients (57P01), ends all server sessions and frees the port. */
  stop(): Promise<void>
}

const host = '127.0.0.1'

/** Time for clients that are leaving, in milliseconds, before the others are disconnected. */
const leavingMillis = 500

/** Time for a client to read its last message, in milliseconds. */
const farewellMillis = 500

/**
 * Starts a pooler for tests on 127.0.0.1 that is transaction mode at its worst. Each transaction of a
 * client, including single statements, runs on a different server session than the previous one. The pooler finds and
 * reports what it changed in that session. Clients in any language can connect.
 *
 * @throws InvalidOptionError for an unknown option, and for a profile that carries everything
 * @throws Error if the target does not answer, or the port is in use
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
  server.listen(resolved.port, host)
  await once(server, 'listening').catch((cause: NodeJS.ErrnoException) => {
    dismiss()
    throw new Error(`startHostilePooler(): port ${resolved.port} of ${host} cannot be used (${cause.code})`, { cause })
  })
  return toHandle({ server, sockets, pooler, dismiss }, resolved)
}

/** Otherwise clients would fail much later, each at its own login. */
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
  /** Strict mode waits for the reports of running transactions. */
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
  // pg's pool ends before its connections do.
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
