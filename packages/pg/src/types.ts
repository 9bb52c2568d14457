/**
 * The part of a node-postgres client that poolsafe uses. It is structural, so that every copy and version of `pg` fits.
 */
export interface ClientLike {
  // `never` instead of the real parameters lets each overloaded signature of pg's types fit.
  query: (...args: never[]) => unknown
  /** Since pg 8.21: the status byte of the last ReadyForQuery; `null` before the first. */
  getTransactionStatus?(): string | null
  on(event: string, listener: (...args: never[]) => void): unknown
}

/** The part of a node-postgres pool that poolsafe uses. */
export interface PoolLike {
  connect: (...args: never[]) => unknown
  query: (...args: never[]) => unknown
  prependListener(event: 'connect' | 'acquire', listener: (client: unknown) => void): unknown
  on(event: 'release', listener: (error: unknown, client: unknown) => void): unknown
}

/** Arguments of `query` and `release`: read, never changed. */
export type Arguments = readonly unknown[]

/** A function of the driver, called with the application's arguments. */
export type DriverFunction = (...args: unknown[]) => unknown

/** A query that was passed to pg: one of its own, a cursor or a stream. */
export interface Query {
  readonly text?: unknown
  /** The name of a prepared statement. */
  readonly name?: unknown
  /** The cursor of pg-query-stream. */
  readonly cursor?: { readonly text?: unknown }
}

/** Internals of pg's client and its connection. A client of pg-native has no connection. */
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
  /** pg before 8.17 has it without the underscore, and later versions warn about that name. */
  readonly _activeQuery?: Query | null
  readonly activeQuery?: Query | null
  readonly _queryQueue?: readonly Query[]
  readonly queryQueue?: readonly Query[]
  /** In pipeline mode: queries that were sent after the one that the server runs. */
  readonly _sentQueryQueue?: readonly Query[]
}

export interface Connection {
  readonly constructor: ConnectionClass
  readonly stream: { readonly remoteAddress?: string; destroy(error?: Error): void }
  /** The texts of its prepared statements, by name. */
  readonly parsedStatements?: Readonly<Record<string, unknown>>
  emit: DriverFunction
  once(event: 'end', listener: () => void): unknown
  off(event: 'end', listener: () => void): unknown
  prependListener(event: 'readyForQuery', listener: (message?: { readonly status: string }) => void): unknown
  prependListener(
    event: 'errorMessage' | 'notice',
    listener: (message: { readonly code?: string; position?: string }) => void,
  ): unknown
  prependListener(event: 'portalSuspended' | 'rowDescription' | 'noData', listener: () => void): unknown
  /** The simple protocol: one message. */
  query: (text: string) => void
  /** Requests rows of the bound statement. */
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

/**
 * Returns true if a client speaks the protocol itself, so that it can be watched; `false` for pg-native and before pg
 * 8.
 */
export function isWired(client: ClientLike): client is WiredClient {
  const { connection } = client as Partial<WiredClient>
  return typeof connection?.emit === 'function' && typeof connection.execute === 'function'
}

/** Returns the same for the clients of a pool, before there is one. */
export function hasWiredClients(pool: object): boolean {
  const { Client } = pool as { readonly Client?: { readonly prototype: object } }
  return Client !== undefined && 'getStartupConf' in Client.prototype
}

/** Returns the query that the server runs, as far as pg knows. */
export function activeQueryOf(client: WiredClient): Query | undefined {
  if (client.readyForQuery !== false) return undefined
  return ('_activeQuery' in client ? client._activeQuery : client.activeQuery) ?? undefined
}

/** Returns the query that was passed last: at the server, on its way there, or still in the queue. */
export function latestQueryOf(client: WiredClient): Query | undefined {
  const queue = '_queryQueue' in client ? client._queryQueue : client.queryQueue
  return lastOf(queue) ?? lastOf(client._sentQueryQueue) ?? activeQueryOf(client)
}

/** Returns the query that is sent next. */
export function firstQueuedOf(client: WiredClient): Query | undefined {
  return ('_queryQueue' in client ? client._queryQueue : client.queryQueue)?.[0]
}

/** Usually the queue is empty, and checking that is faster than reading the last item. */
function lastOf(queue: readonly Query[] | undefined): Query | undefined {
  return queue === undefined || queue.length === 0 ? undefined : queue[queue.length - 1]
}

export function textOf({ text, cursor }: Query): string {
  const sql = text ?? cursor?.text
  return typeof sql === 'string' ? sql : ''
}

/**
 * Returns the text of a query, or of the statement prepared under its name. For a prepared statement, pg sends the name
 * alone. pg keeps the texts of prepared statements, and its queue holds those that will be prepared. Returns an empty
 * text, as pg sends it, if there is none.
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
 * Closes the connection. Its running and waiting statements fail with the error, and a pool opens another connection.
 *
 * @returns resolves when it is closed
 */
export function closeConnection(client: WiredClient, error: Error): Promise<void> {
  // The senders of statements receive the error. The additional event would crash a process without a listener.
  client.on('error', () => {})
  return new Promise((resolve) => {
    client.connection.once('end', resolve)
    client.connection.stream.destroy(error)
  })
}
