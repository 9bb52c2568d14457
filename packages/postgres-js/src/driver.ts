// Internals of postgres.js. Its types hide them.

/** A query of postgres.js: a promise that sends itself when someone awaits it. */
export interface Query extends Promise<unknown> {
  /** The parts of a template; or one whole text. */
  strings: readonly string[] & { readonly raw?: readonly string[] }
  args: unknown[]
  /** True for a template. */
  tagged: boolean
  readonly options: QueryOptions
  canceller: (query: Query) => void
  /** The connection that has it; `null` while it waits. */
  readonly state: object | null
  /** True while the server works on it. */
  active: boolean
  cancelled: unknown
  /** Set by `describe`: it is parsed and not executed. */
  readonly onlyDescribe?: boolean
  /** Set by `readable` and `writable`: its result is a stream, and it ends after its result. */
  readonly streaming?: boolean
  /** Set by `cursor`: it gets each chunk. */
  cursorFn?: (rows: readonly unknown[]) => unknown
  /** The text that was sent, and its parameters. */
  readonly string?: string
  readonly parameters?: readonly unknown[]
  readonly statement?: { readonly types?: readonly unknown[] } | null
  /** The stack of the application, as postgres.js appends it to errors. */
  readonly origin: string
  /** True once it was part of another query. */
  fragment?: boolean
  /** Only a reservation has it: it gets the connection. */
  reserve?: (connection: Connection) => unknown
  resolve: (result: unknown) => void
  reject: (error: unknown) => void
  readonly cancel: () => unknown
  cursor: (rows?: unknown, work?: unknown) => unknown
}

export interface QueryOptions {
  readonly prepare?: boolean | undefined
  readonly simple?: boolean | undefined
  /**
   * Only the BEGIN of `sql.begin` has it. It receives the connection; `false` lets no query follow at once. postgres.js
   * does not call it for a query with a cursor, nor for one whose parameter types it asks for first.
   */
  onexecute?: ((connection: Connection) => boolean) | undefined
}

/** A connection. It opens again after it was closed. */
export interface Connection {
  readonly id: number
  /** The list that it is in: of open, busy, reserved, closed and other connections. */
  queue: ConnectionQueue
  /** Called once, when it is closed. */
  readonly onclose?: ((error: Error) => void) | null
  /** Opens it for a query. */
  connect: (query: Query) => void
  /** Sends a query. True if another one may follow at once. */
  execute: (query: Query) => boolean | undefined
  /** Closes it once its queries are answered. */
  end: () => Promise<unknown>
  /** Closes it, and rejects its queries with `CONNECTION_DESTROYED`. */
  terminate: () => void
}

/** A list of connections. */
export interface ConnectionQueue {
  readonly length: number
  shift: () => Connection
  push: (connection: Connection) => Connection
}

/** Sends a query, or queues it. Called once for each query, in a turn after the one that awaits it. */
export interface Handler {
  (query: Query): void
  debug?: unknown
}

export type QueryClass = new (
  strings: Query['strings'],
  args: readonly unknown[],
  handler: Handler,
  canceller: Query['canceller'],
  options?: QueryOptions,
) => Query

/** An `sql`: the tag of templates, the maker of helpers, and its methods. */
export interface Sql {
  (first: unknown, ...rest: unknown[]): unknown
  readonly options: DriverOptions
  unsafe: (text: unknown, args?: unknown, options?: unknown) => Query
  file: (path: unknown, args?: unknown, options?: unknown) => Query
  notify: (channel: unknown, payload: unknown) => Promise<unknown>
  typed: (value: unknown, type: unknown) => unknown
}

/** `sql` of the pool. */
export interface PoolSql extends Sql {
  begin: (...args: unknown[]) => Promise<unknown>
  reserve: () => Promise<ReservedSql>
  listen: (channel: unknown, ...rest: unknown[]) => Promise<unknown>
  subscribe: (...args: unknown[]) => Promise<unknown>
  end: (...args: unknown[]) => Promise<unknown>
}

/** `sql` inside `sql.begin`. */
export interface TransactionSql extends Sql {
  savepoint: (...args: unknown[]) => Promise<unknown>
  prepare: (name: unknown) => unknown
}

/** `sql` of `sql.reserve`. */
export interface ReservedSql extends Sql {
  release: () => void
}

/** The parsed options of postgres.js. All connections share the object. */
export interface DriverOptions {
  readonly prepare?: unknown
  readonly max?: number
  /** In seconds. */
  readonly connect_timeout?: number | null
  readonly host?: readonly unknown[]
  readonly port?: readonly unknown[]
  readonly database?: unknown
  readonly connection?: Readonly<Record<string, unknown>>
  /** Called with the id of each connection that is closed. */
  readonly onclose?: ((id: number) => void) | undefined
}
