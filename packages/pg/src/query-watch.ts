import { onlyBegins, type Checkout, type Execution, type Guard, type Observer } from '@poolsafe/core'
import { activeQueryOf, isWired, latestQueryOf, textOf, type Query, type WiredClient } from './limits/internals.ts'
import { checkoutKey, poolNameKey, type GatedClient } from './present-checkout.ts'
import type { ClientLike, DriverFunction } from './types.ts'

/** Where a query keeps its execution: a property, as a map would cost more than all the rest. */
const executionKey = Symbol('poolsafe.execution')

interface WatchedQuery extends Query {
  [executionKey]?: Execution | undefined
  readonly _result?: { readonly rowCount?: number | null }
  /** Of a text of several statements, pg's own array of results. */
  readonly _results?: unknown
}

const watched = new WeakSet<ClientLike>()

/**
 * Observes the statements of one client, beneath everything that may refuse them. It reads what the connection says before pg
 * does: that is the one place where all forms of `query` are alike, and nothing of theirs is touched. Clients of pg-native have no such place.
 */
export function watchQueries(client: ClientLike, guard: Guard): void {
  const { observer } = guard
  if (observer === undefined || watched.has(client) || !isWired(client)) return
  watched.add(client)
  void new QueryWatch(client, guard, observer)
}

class QueryWatch {
  readonly #client: WiredClient
  readonly #guard: Guard
  readonly #observer: Observer
  /** When the answer before the present one ended: what follows it could not be sent before. */
  #freeSince = 0
  #transactionSince = 0
  /** Since when the server waits for a cursor's reader. */
  #suspendedAt = 0
  #followsCursors = false

  constructor(client: WiredClient & GatedClient, guard: Guard, observer: Observer) {
    this.#client = client
    this.#guard = guard
    this.#observer = observer
    const send = client.query as DriverFunction
    const query = (...args: unknown[]): unknown => {
      const sql = sqlOf(args[0])
      if (sql === undefined) return Reflect.apply(send, client, args)
      const execution = this.#executionOf(sql, client[checkoutKey], query)
      execution.pool = client[poolNameKey]
      return this.#send(send, args, execution)
    }
    client.query = query
    const { connection } = client
    connection.prependListener('readyForQuery', ({ status }) => this.#ready(status))
    connection.prependListener('errorMessage', ({ code }) => this.#over(code ?? ''))
    connection.prependListener('end', () => this.#lost())
  }

  /** `pool.query` has begun its execution itself, before it asked for a connection. */
  #executionOf(sql: string, checkout: Checkout<ClientLike> | undefined, entry: DriverFunction): Execution {
    const begun = checkout?.takeExecution()
    if (begun !== undefined) {
      begun.sentAt = checkout?.heldSince ?? begun.startedAt
      return begun
    }
    const execution = this.#observer.begin(sql, checkout?.layer ?? 'pg', entry)
    if (checkout !== undefined) execution.checkoutWaitMillis = checkout.takeWaitMillis()
    return execution
  }

  #send(send: DriverFunction, args: unknown[], execution: Execution): unknown {
    if (isObject(args[0]) && 'submit' in args[0]) this.#followCursors()
    const sent = Reflect.apply(send, this.#client, args)
    const query: WatchedQuery | undefined = latestQueryOf(this.#client)
    // What pg refuses in the client never becomes a query: the latest one is then another's.
    if (query !== undefined && query[executionKey] === undefined) query[executionKey] = execution
    return sent
  }

  #ready(status: string): void {
    const execution = this.#over()
    if (status === 'I') this.#transactionSince = 0
    else if (this.#transactionSince === 0) this.#transactionSince = execution?.sentAt ?? performance.now()
  }

  /** The answer to the present query has ended. */
  #over(sqlState?: string): Execution | undefined {
    const query: WatchedQuery | undefined = activeQueryOf(this.#client)
    const execution = query?.[executionKey]
    if (query === undefined || execution === undefined) return undefined
    query[executionKey] = undefined
    if (this.#freeSince > execution.sentAt) execution.sentAt = this.#freeSince
    execution.transactionSince = this.#transactionSince
    execution.rows = rowsOf(query)
    if (execution.shape.kind === 'transaction') execution.onlyBegins = onlyBegins(this.#guard.peek(textOf(query)))
    this.#freeSince = performance.now()
    this.#observer.end(execution, sqlState, this.#freeSince)
    return execution
  }

  /** The connection is gone, and with it the answers to whatever was given to it. */
  #lost(): void {
    this.#over('')
  }

  /** A cursor's reader takes its time, in which the server has nothing to do. */
  #followCursors(): void {
    if (this.#followsCursors) return
    this.#followsCursors = true
    const { connection } = this.#client
    const { execute } = connection
    connection.prependListener('portalSuspended', () => {
      this.#suspendedAt = performance.now()
    })
    connection.execute = (...args) => {
      const query: WatchedQuery | undefined = activeQueryOf(this.#client)
      const execution = query?.[executionKey]
      if (this.#suspendedAt > 0 && execution !== undefined) execution.readerMillis += performance.now() - this.#suspendedAt
      this.#suspendedAt = 0
      Reflect.apply(execute, connection, args)
    }
  }
}

/** The text of what `query` was given, where it tells one. */
export function sqlOf(config: unknown): string | undefined {
  if (typeof config === 'string') return config
  return isObject(config) ? textOf(config) || undefined : undefined
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function rowsOf({ _result: result, _results: results }: WatchedQuery): number | undefined {
  return (Array.isArray(results) ? undefined : result?.rowCount) ?? undefined
}
