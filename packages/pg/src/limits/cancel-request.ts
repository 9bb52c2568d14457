import { isIP } from 'node:net'
import { setTimeout, clearTimeout } from '@poolsafe/core/internal'
import { activeQueryOf, closeConnection, type CancelConnection, type Query, type WiredClient } from '../types.ts'

/**
 * How long a CancelRequest may take. After that the network is silent, and what the request may still cancel is
 * unknown.
 */
const patienceMillis = 5000

/**
 * - `delivered`: the server or pooler has closed the socket, which PostgreSQL does when the signal is sent
 * - `late`: the query was over before the request was sent
 * - `failed`: it could not be sent
 * - `unknown`: it was sent, and what it may still cancel is unknown; the client's connection is closed
 */
export type CancelOutcome = 'delivered' | 'late' | 'failed' | 'unknown'

const underWay = new WeakMap<WiredClient, Promise<CancelOutcome>>()

/**
 * Cancels a query by the protocol's own CancelRequest, on a separate socket to the server that the client is connected
 * to, with the same TLS. The request carries the key of the client's login. A pooler uses it to find the server
 * connection that works for the client now.
 *
 * The request names a connection and no query. So it is sent only while the query is at the server, and nothing else is
 * sent until its socket is closed: the client learns later that the connection is ready.
 */
export function cancelQuery(client: WiredClient, query: Query): Promise<CancelOutcome> {
  const earlier = underWay.get(client)
  if (earlier !== undefined)
    return earlier.then((outcome) => (isAtServer(client, query) ? cancelQuery(client, query) : outcome))
  const outcome = send(client, query).finally(() => underWay.delete(client))
  underWay.set(client, outcome)
  return outcome
}

/**
 * Returns true while the query is at the server. After an error pg forgets the query before the server is ready, but
 * then the query is over.
 */
function isAtServer(client: WiredClient, query: Query): boolean {
  return activeQueryOf(client) === query
}

async function send(client: WiredClient, query: Query): Promise<CancelOutcome> {
  const { processID, secretKey } = client
  if (!isAtServer(client, query)) return 'late'
  if (processID === null || secretKey === null) return 'failed'
  const socket = makeSocket(client)
  let release: (() => void) | undefined
  let timer: NodeJS.Timeout | undefined
  let ended: (() => void) | undefined
  const outcome = await new Promise<CancelOutcome>((resolve) => {
    let reached: CancelOutcome = 'failed'
    timer = setTimeout(() => resolve(reached === 'delivered' ? 'unknown' : 'failed'), patienceMillis)
    // Nothing is left to cancel.
    ended = () => resolve('late')
    client.connection.once('end', ended)
    const request = (): void => {
      if (isAtServer(client, query)) {
        release = holdReady(client)
        socket.cancel(processID, secretKey)
        reached = 'delivered'
      } else {
        reached = 'late'
        socket.stream.destroy()
      }
    }
    socket.on('connect', () =>
      client.ssl && client.sslNegotiation !== 'direct' ? socket.requestSsl() : client.ssl || request(),
    )
    socket.on('sslconnect', request)
    // A reset socket is closed as well: the request was read, or never will be.
    socket.on('error', () => {})
    socket.on('end', () => resolve(reached))
    connect(socket, client)
  })
  clearTimeout(timer)
  if (ended !== undefined) client.connection.off('end', ended)
  socket.stream.destroy()
  if (outcome === 'unknown')
    await closeConnection(client, new Error('a CancelRequest was sent, and its socket was not closed'))
  release?.()
  return outcome
}

/**
 * Connects to the client's present address. Its name may lead elsewhere now, because several poolers often share one
 * name.
 */
function connect(socket: CancelConnection, { host, port, connection }: WiredClient): void {
  if (host?.startsWith('/') === true) socket.connect(`${host}/.s.PGSQL.${port}`)
  else socket.connect(port ?? 5432, connection.stream.remoteAddress ?? host)
}

/** pg checks the certificate against the host that it connects to, which is an address here. */
function makeSocket({ connection, host, ssl, sslNegotiation }: WiredClient): CancelConnection {
  const named = isIP(host ?? '') === 0 ? { host, servername: host } : { host }
  const key = typeof ssl === 'object' && 'key' in ssl ? { key: ssl.key } : {}
  const secured = ssl ? { ...named, ...(typeof ssl === 'object' ? ssl : {}), ...key } : false
  return new connection.constructor({ ssl: secured, sslNegotiation })
}

/**
 * Holds back the message that the server is ready, and everything after it.
 *
 * @returns a function that lets the messages through
 */
function holdReady({ connection }: WiredClient): () => void {
  const { emit } = connection
  const isOwn = Object.hasOwn(connection, 'emit')
  const held: unknown[][] = []
  connection.emit = (...args) => {
    const [event, message] = args
    const isReady =
      event === 'readyForQuery' || (event === 'message' && (message as { name?: string }).name === 'readyForQuery')
    // The end of the socket must get through immediately: nothing more can be sent on it.
    if (event === 'error' || event === 'end' || (held.length === 0 && !isReady))
      return Reflect.apply(emit, connection, args)
    held.push(args)
    return true
  }
  return () => {
    if (isOwn) connection.emit = emit
    else delete (connection as Partial<typeof connection>).emit
    for (const args of held) Reflect.apply(connection.emit, connection, args)
  }
}
