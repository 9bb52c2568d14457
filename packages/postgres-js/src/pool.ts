import type { Engine } from '@poolsafe/core/adapter'
import type { Connections } from './connections.ts'
import type { Query, Sql } from './driver.ts'
import type { Losses } from './losses.ts'
import type { WaitingLine } from './waiting-line.ts'

/** The state that all queries of one pool share. */
export interface Pool {
  readonly guard: Engine
  /** `sql` as postgres.js has made it. */
  readonly sql: Sql
  /** False if the pooler carries the statements that the driver names. */
  readonly judgesNames: boolean
  readonly line: WaitingLine
  readonly connections: Connections
  readonly losses: Losses
}

/** Listens to the queries that are handed to postgres.js. */
export interface Sending {
  /** @param denied rejects the query, which postgres.js may have queued */
  sent(query: Query, denied: (error: Error) => void): void
  ended?(query: Query, error?: unknown): void
}
