import type { Attributes } from '@opentelemetry/api'
import type { Guard, QueryEvent } from '@poolsafe/core'
import { engineOf } from '@poolsafe/core/adapter'

/** SQLSTATEs that are told apart. PostgreSQL has some 260, but RAISE may send any five characters. */
const mostStates = 100
/** Of the conventions: an error that has no name of its own. */
const otherError = '_OTHER'
/**
 * Sets of attributes that are kept; then all are made anew. Only an application that keeps opening pools under new
 * names gets here.
 */
const mostKept = 10_000

/**
 * The attributes of `db.client.operation.duration`: one object for all statements that have the same, so that none is
 * made for each.
 */
export class QueryAttributes {
  readonly #guard: Guard
  readonly #common: Attributes
  readonly #kept = new Map<string | undefined, Map<string, Attributes>>()
  readonly #states = new Set<string>()
  #size = 0

  /** @param common to all of the guard */
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

/** The word of each kind that is an operation; that of a transaction is the statement's own. */
const operations: Readonly<Record<Exclude<QueryEvent['kind'], 'transaction'>, string>> = {
  select: 'SELECT',
  insert: 'INSERT',
  update: 'UPDATE',
  delete: 'DELETE',
  merge: 'MERGE',
  copy: 'COPY',
  // What comes behind WITH may be anything.
  with: '',
  other: '',
}

/**
 * Empty where it is not known. There are no more words than kinds and statements that control a transaction, whatever
 * is sent.
 */
function operationOf({ kind, summary }: QueryEvent): string {
  if (kind !== 'transaction') return operations[kind]
  const end = summary.indexOf(' ')
  return end === -1 ? summary : summary.slice(0, end)
}
