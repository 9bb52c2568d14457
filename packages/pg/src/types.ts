/** The part of a node-postgres client that is used here. Structural, so that every copy and version of `pg` fits. */
export interface ClientLike {
  // `never` in place of the real parameters lets each overloaded signature of pg's types fit.
  query: (...args: never[]) => unknown
  /** Since pg 8.21: the status byte of the last ReadyForQuery; `null` before the first. */
  getTransactionStatus?(): string | null
  on(event: string, listener: (...args: never[]) => void): unknown
}

/** The part of a node-postgres pool that is used here. */
export interface PoolLike {
  connect: (...args: never[]) => unknown
  query: (...args: never[]) => unknown
  prependListener(event: 'connect' | 'acquire', listener: (client: unknown) => void): unknown
  on(event: 'release', listener: (error: unknown, client: unknown) => void): unknown
}

/** What `query` and `release` may be given: read, never changed. */
export type Arguments = readonly unknown[]

/** A function of the driver, called with whatever the application gave. */
export type DriverFunction = (...args: unknown[]) => unknown

/** A query that pg has been given: one of its own, a cursor, or a stream. */
export interface Query {
  readonly text?: unknown
  /** Of a prepared statement. */
  readonly name?: unknown
  /** Of pg-query-stream. */
  readonly cursor?: { readonly text?: unknown }
}

/** What pg's client and its connection hold beside their typed faces. That of pg-native has no connection. */
export interface WiredClient extends ClientLike {
  readonly connection: Connection
  readonly host?: string
  readonly port?: number
  readonly ssl?: boolean | object
  readonly sslNegotiation?: string
  readonly pipeline?: boolean
  readonly processID: number | null
  readonly secretKey: number | null
  /** `true` exactly while nothing is on its way to the server. */
  readonly readyForQuery?: boolean
  /** Before pg 8.17 without the underscore, which since then warns. */
  readonly _activeQuery?: Query | null
  readonly activeQuery?: Query | null
  readonly _queryQueue?: readonly Query[]
  readonly queryQueue?: readonly Query[]
  /** In pipeline mode: sent, behind the one that the server is at. */
  readonly _sentQueryQueue?: readonly Query[]
}

export interface Connection {
  readonly constructor: ConnectionClass
  readonly stream: { readonly remoteAddress?: string; destroy(error?: Error): void }
  /** The texts of the statements that are prepared on it, by their names. */
  readonly parsedStatements?: Readonly<Record<string, unknown>>
  emit: DriverFunction
  once(event: 'end', listener: () => void): unknown
  off(event: 'end', listener: () => void): unknown
  prependListener(event: 'readyForQuery', listener: (message: { readonly status: string }) => void): unknown
  prependListener(event: 'errorMessage', listener: (error: { readonly code?: string }) => void): unknown
  prependListener(event: 'portalSuspended' | 'rowDescription' | 'noData', listener: () => void): unknown
  /** The simple protocol: one message. */
  query: (text: string) => void
  /** Asks for rows of the statement that was bound. */
  execute: (config: unknown) => void
  /** Closes a statement or a portal, such as that of a cursor. */
  close: (message: unknown) => void
}

export type ConnectionClass = new (config: {
  readonly ssl?: boolean | object | undefined
  readonly sslNegotiation?: string | undefined
}) => CancelConnection

/** A connection of pg that only brings a CancelRequest. */
export interface CancelConnection {
  readonly stream: { destroy(): void }
  connect(portOrPath: number | string, host?: string): void
  requestSsl(): void
  cancel(processID: number, secretKey: number): void
  on(event: string, listener: (...args: never[]) => void): void
}

/** Whether a client speaks the protocol itself, so that it can be watched; `false` for pg-native and before pg 8. */
export function isWired(client: ClientLike): client is WiredClient {
  const { connection } = client as Partial<WiredClient>
  return typeof connection?.emit === 'function' && typeof connection.execute === 'function'
}

/** The same of a pool's clients, before there is one. */
export function hasWiredClients(pool: object): boolean {
  const { Client } = pool as { readonly Client?: { readonly prototype: object } }
  return Client !== undefined && 'getStartupConf' in Client.prototype
}

/** The query that the server is at, as far as pg knows. */
export function activeQueryOf(client: WiredClient): Query | undefined {
  if (client.readyForQuery !== false) return undefined
  return ('_activeQuery' in client ? client._activeQuery : client.activeQuery) ?? undefined
}

/** The query that was given last: at the server, behind others on the way there, or still in the queue. */
export function latestQueryOf(client: WiredClient): Query | undefined {
  const queue = '_queryQueue' in client ? client._queryQueue : client.queryQueue
  return lastOf(queue) ?? lastOf(client._sentQueryQueue) ?? activeQueryOf(client)
}

/** The query that is sent next. */
export function firstQueuedOf(client: WiredClient): Query | undefined {
  return ('_queryQueue' in client ? client._queryQueue : client.queryQueue)?.[0]
}

/** Most often they are empty, which is quicker to see than to ask for the last one. */
function lastOf(queue: readonly Query[] | undefined): Query | undefined {
  return queue === undefined || queue.length === 0 ? undefined : queue[queue.length - 1]
}

export function textOf({ text, cursor }: Query): string {
  const sql = text ?? cursor?.text
  return typeof sql === 'string' ? sql : ''
}

/**
 * Its text, or that of a statement that was prepared on this client under its name: pg then takes the name alone. It
 * keeps the text of what is prepared, and has in its queue what is about to be. Empty, as it is sent, where there is
 * none.
 */
export function preparedTextOf(query: Query, client: WiredClient): string {
  const { name } = query
  const own = textOf(query)
  if (own !== '' || typeof name !== 'string' || name === '') return own
  const prepared = client.connection.parsedStatements?.[name]
  if (typeof prepared === 'string') return prepared
  const queue = ('_queryQueue' in client ? client._queryQueue : client.queryQueue) ?? []
  const under = [activeQueryOf(client), ...(client._sentQueryQueue ?? []), ...queue].filter(
    (each) => each?.name === name,
  )
  return under.map((each) => textOf(each as Query)).find((text) => text !== '') ?? ''
}

/**
 * Closes the connection; what is under way or waits on it fails with the error, and a pool opens another one.
 *
 * @returns resolves when it is closed
 */
export function closeConnection(client: WiredClient, error: Error): Promise<void> {
  // Whoever sent a statement hears of it. The event beside it would end a process that has no listener.
  client.on('error', () => {})
  return new Promise((resolve) => {
    client.connection.once('end', resolve)
    client.connection.stream.destroy(error)
  })
}
