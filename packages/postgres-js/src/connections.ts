import type { Connection, ConnectionQueue, Handler, Query, ReservedSql } from './driver.ts'

/** Rejects a reservation that postgres.js would forget, so that it is made again. */
const forgotten = new Error('postgres.js has closed the connection for which the reservation waits')

/** Stops a query that only asks for its connection. */
const probe = {
  get cancelled(): never {
    throw new Error('a probe is not sent')
  },
} as unknown as Query

/**
 * The connections of one pool, as far as they are known. postgres.js shows a connection to the option `onexecute` of a
 * query. Every other one is learned from it: from the lists in which postgres.js keeps connections.
 */
export class Connections {
  readonly #known = new Map<number, Connection>()
  /** The lists that are followed until all connections are known, each with its own `push`. */
  readonly #followed = new Map<ConnectionQueue, ConnectionQueue['push']>()
  readonly #max: number
  readonly #handler: Handler
  readonly #empty: () => Query
  /** The list of closed connections. */
  #closed: ConnectionQueue | undefined
  /** The connection that postgres.js is closing right now. */
  #closing: Connection | undefined

  /**
   * @param max the number of connections
   * @param handler sends a query on any connection
   * @param empty makes a query without a text
   */
  constructor(max: number, handler: Handler, empty: () => Query) {
    this.#max = max
    this.#handler = handler
    this.#empty = empty
  }

  /** True until a query has shown its connection. */
  get areUnknown(): boolean {
    return this.#known.size === 0
  }

  /** Learns the connection of a query that is about to be sent, if postgres.js shows it. */
  learnFrom({ options }: Query): void {
    const { onexecute } = options
    if (onexecute === undefined && !this.areUnknown) return
    options.onexecute = (connection) => {
      this.#learn(connection)
      return onexecute === undefined || onexecute(connection)
    }
  }

  /**
   * Reserves a connection. postgres.js forgets a reservation for which it opens a connection if `fetch_types` is off, or
   * if it has just closed that connection. So an empty query opens it.
   *
   * @param bare `reserve` of postgres.js
   */
  reserve(bare: () => Promise<ReservedSql>): Promise<ReservedSql> {
    const reserving = this.areUnknown ? this.#open().then(bare) : bare()
    return reserving.catch((error: unknown) => {
      if (error !== forgotten) throw error
      return this.reserve(bare)
    })
  }

  /**
   * Returns the connection of a reservation. As long as no connection is known, this sends an empty query on it.
   *
   * @param handler sends on the reserved connection
   */
  reservedBy(handler: Handler): Connection | undefined {
    const known = this.#probe(handler)
    if (known !== undefined) return known
    let shown: Connection | undefined
    handler(this.#emptyQuery((connection) => (shown = connection)))
    return shown
  }

  /** Ends what a connection waits for, which postgres.js has just closed. */
  isClosed(id: number): void {
    const connection = this.#known.get(id)
    if (connection === undefined) return
    this.#closed = connection.queue
    this.#closing = connection
    queueMicrotask(() => (this.#closing = undefined))
    connection.terminate()
  }

  /** Opens a connection if none is open. */
  #open(): Promise<unknown> {
    return new Promise((resolve, reject) => this.#handler(this.#emptyQuery(() => {}, { resolve, reject })))
  }

  #emptyQuery(
    shown: (connection: Connection) => void,
    settling: Pick<Query, 'resolve' | 'reject'> = { resolve() {}, reject() {} },
  ): Query {
    const query = Object.assign(this.#empty(), settling)
    query.options.onexecute = (connection) => {
      this.#learn(connection)
      shown(connection)
      return true
    }
    return query
  }

  #probe(handler: Handler): Connection | undefined {
    let found: Connection | undefined
    const known = [...this.#known.values()].map((connection) => ({ connection, execute: connection.execute }))
    for (const { connection } of known)
      connection.execute = () => {
        found = connection
        return true
      }
    try {
      handler(probe)
    } catch {
      // An unknown connection.
    } finally {
      for (const { connection, execute } of known) connection.execute = execute
    }
    return found
  }

  #learn(connection: Connection): void {
    if (this.#known.has(connection.id)) return
    this.#known.set(connection.id, connection)
    this.#followMoves(connection)
    const connect = connection.connect.bind(connection)
    connection.connect = (query) => connect(query.reserve === undefined ? query : this.#opening(connection, query))
    const end = connection.end.bind(connection)
    connection.end = () => {
      const isClosed = connection.queue === this.#closed
      const ended = end()
      // It still waits for the answers that were lost with its socket.
      if (isClosed) connection.terminate()
      return ended
    }
    if (this.#known.size === this.#max) this.#stopFollowing()
  }

  /** Leaves the lists as postgres.js has made them: each query moves its connection through them. */
  #stopFollowing(): void {
    for (const [queue, push] of this.#followed) queue.push = push
    const plain = { configurable: true, enumerable: true, writable: true }
    for (const connection of this.#known.values())
      Object.defineProperty(connection, 'queue', { ...plain, value: connection.queue })
  }

  /** Returns the query that opens a connection for a reservation. */
  #opening(connection: Connection, reservation: Query): Query {
    if (connection === this.#closing) reservation.reject(forgotten)
    const reject = (error: unknown): void => {
      // It stays in the queue of postgres.js, and would keep the connection that it gets.
      reservation.reserve = (given: Connection) => given.execute(this.#emptyQuery(() => {}))
      reservation.reject(error)
    }
    return this.#emptyQuery(() => {}, { resolve() {}, reject })
  }

  #followMoves(connection: Connection): void {
    let { queue } = connection
    this.#follow(queue)
    Object.defineProperty(connection, 'queue', {
      configurable: true,
      enumerable: true,
      get: () => queue,
      set: (next: ConnectionQueue) => {
        queue = next
        this.#follow(next)
      },
    })
  }

  /** Learns each connection that is in a list, or that postgres.js moves there. */
  #follow(queue: ConnectionQueue): void {
    if (this.#followed.has(queue)) return
    const { push } = queue
    this.#followed.set(queue, push)
    queue.push = (connection) => {
      this.#learn(connection)
      return push(connection)
    }
    for (let count = queue.length; count > 0; count--) queue.push(queue.shift())
  }
}
