import { once } from 'node:events'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { Connection } from './connection.ts'
import { HostilePooler } from './hostile-pooler.ts'
import { resolveOptions, type HostilePoolerOptions, type ResolvedOptions } from './options.ts'
import type { HostileReport } from './report.ts'

/** A running hostile pooler. */
export interface HostilePoolerServer {
  readonly host: '127.0.0.1'
  readonly port: number
  /** The way to the target's database, for the target's user, through the pooler; without a password, which it does not ask for. */
  readonly url: string
  /** The same for another user or another database. */
  urlFor(user: string, database?: string): string
  /** What was found so far, complete for every transaction whose answer has reached its client. */
  reports(): Promise<readonly HostileReport[]>
  /** Sends the clients away (57P01), ends all server sessions and frees the port. */
  stop(): Promise<void>
}

const host = '127.0.0.1'

/**
 * Turns of the event loop in which the farewells are read that have arrived: `pool.end()` resolves once they are sent, and a client
 * that has left must not hear an error, for which nobody listens any more.
 */
const readingTurns = 3

/** How long a client has to read its farewell, in milliseconds. */
const farewellMillis = 500

/**
 * Starts a pooler for tests on a free port of 127.0.0.1: in transaction mode at its worst. Each transaction of a client, a statement
 * outside of one included, runs on another server session than the one before; what it changed in that session is found and
 * reported. Any client in any language can connect.
 *
 * @throws InvalidOptionError for an option that it does not have, and for a profile of a pooler that carries everything
 */
export async function startHostilePooler(options: HostilePoolerOptions): Promise<HostilePoolerServer> {
  const resolved = resolveOptions(options)
  const pooler = new HostilePooler(resolved)
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket.once('close', () => sockets.delete(socket)))
    new Connection(socket, pooler, resolved).serve(sockets.size > resolved.maxConnections)
  })
  server.listen(0, host)
  await once(server, 'listening')
  return toHandle({ server, sockets, pooler }, resolved)
}

interface Running {
  readonly server: Server
  readonly sockets: ReadonlySet<Socket>
  readonly pooler: HostilePooler
}

function toHandle({ server, sockets, pooler }: Running, { user: ownUser, database: ownDatabase }: ResolvedOptions): HostilePoolerServer {
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
    stop: () => (stopping ??= stop({ server, sockets, pooler })),
  }
}

async function stop({ server, sockets, pooler }: Running): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  for (let turn = 0; turn < readingTurns; turn++) await nextTurn()
  await pooler.end()
  for (const socket of sockets) socket.end()
  const cut = setTimeout(() => {
    for (const socket of sockets) socket.destroy()
  }, farewellMillis)
  await closed
  clearTimeout(cut)
}
