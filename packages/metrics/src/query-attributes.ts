import type { Attributes } from '@opentelemetry/api'
import type { Guard, QueryEvent } from '@poolsafe/core'
import { engineOf } from '@poolsafe/core/adapter'

/**
 * Maximum number of SQLSTATEs with their own attribute value. PostgreSQL has about 260, but RAISE may send any five
 * characters.
 */
const mostStates = 100
/** The value of the semantic conventions for an error without a name of its own. */
const otherError = '_OTHER'
/**
 * Maximum number of attribute objects in the cache. Beyond it the cache starts anew. Only an application that keeps
 * opening pools under new names reaches it.
 */
const mostKept = 10_000

/**
 * The attributes of `db.client.operation.duration`. Statements with equal attributes share one object, so none is
 * created for each statement.
 */
export class QueryAttributes {
  readonly #guard: Guard
  readonly #common: Attributes
  readonly #kept = new Map<string | undefined, Map<string, Attributes>>()
  readonly #states = new Set<string>()
  #size = 0

  /** @param common the attributes that all metrics of the guard have */
  constructor(guard: Guard, common: Attributes) {
    this.#guard = guard
    this.#common = common
  }

  of(event: QueryEvent): Attributes {
    const { pool, failed, sqlState } = event
    const operation = operationOf(event)
    const error = failed ? this.#errorOf(sqlState) : undefined
    const key = error === undefined ? operation : `${operation} ${error}`
    return this.#kept.get(pool)?.get(key) ?? this.#keep(pool, key, this.#make(pool, operation, error))
  }

  #errorOf(sqlState: string | undefined): string {
    if (sqlState === undefined) return otherError
    if (!this.#states.has(sqlState)) {
      if (this.#states.size >= mostStates) return otherError
      this.#states.add(sqlState)
    }
    return sqlState
  }

  #keep(pool: string | undefined, key: string, attributes: Attributes): Attributes {
    if (++this.#size > mostKept) {
      this.#kept.clear()
      this.#size = 1
    }
    const ofPool = this.#kept.get(pool) ?? new Map<string, Attributes>()
    this.#kept.set(pool, ofPool.set(key, attributes))
    return attributes
  }

  #make(pool: string | undefined, operation: string, error: string | undefined): Attributes {
    const server = [...engineOf(this.#guard).pools].find(({ name }) => name === pool)?.report().server
    return {
      ...this.#common,
      'db.system.name': 'postgresql',
      ...(server?.database === undefined ? {} : { 'db.namespace': server.database }),
      ...(server?.address === undefined ? {} : { 'server.address': server.address }),
      ...(server?.port === undefined ? {} : { 'server.port': server.port }),
      ...(operation === '' ? {} : { 'db.operation.name': operation }),
      ...(error === undefined ? {} : { 'error.type': error }),
      ...(error === undefined || error === otherError ? {} : { 'db.response.status_code': error }),
    }
  }
}

/** The operation name of each kind. For `transaction`, the statement's own first word is used. */
const operations: Readonly<Record<Exclude<QueryEvent['kind'], 'transaction'>, string>> = {
  select: 'SELECT',
  insert: 'INSERT',
  update: 'UPDATE',
  delete: 'DELETE',
  merge: 'MERGE',
  copy: 'COPY',
  // After WITH, any statement may follow.
  with: '',
  other: '',
}

/**
 * Returns the operation name, or an empty string if it is unknown. The number of names is bounded by the kinds and the
 * transaction control statements.
 */
function operationOf({ kind, summary }: QueryEvent): string {
  if (kind !== 'transaction') return operations[kind]
  const end = summary.indexOf(' ')
  return end === -1 ? summary : summary.slice(0, end)
}
