import type { ResolvedSize } from './options.ts'
import { sources, type Figure } from './sources.ts'

/** The waits within a request, in milliseconds. Together they are shorter than the request's own limit. */
export interface Timeouts {
  /** `acquireTimeoutMillis` of the guarded pool, `pool_timeout` of Prisma's engine. */
  readonly acquireTimeoutMillis: number
  /** `query_wait_timeout` of PgBouncer, in whole seconds. */
  readonly queryWaitMillis: number
  readonly statementTimeoutMillis: number
  readonly figures: readonly Figure[]
}

/** Divides the time of a request: 30 % for a connection of the pool, 20 % for one of the pooler, 40 % for the answer. */
export function timeoutsOf({ requestTimeoutMillis, poolers }: ResolvedSize): Timeouts {
  const part = (share: number): number => Math.floor(requestTimeoutMillis * share)
  // PgBouncer knows whole seconds, and 0 is forever.
  const queryWaitMillis = poolers === 0 ? 0 : Math.max(Math.floor(part(0.2) / 1000), 1) * 1000
  const figure = (name: string, value: number, share: number): Figure => ({
    name,
    value,
    unit: 'ms',
    formula: `${share} % of the ${requestTimeoutMillis} ms of a request`,
    source: sources.timeouts,
  })
  return {
    acquireTimeoutMillis: part(0.3),
    queryWaitMillis,
    statementTimeoutMillis: part(0.4),
    figures: [
      figure('acquireTimeoutMillis (pool_timeout)', part(0.3), 30),
      ...(poolers === 0 ? [] : [figure('query_wait_timeout', queryWaitMillis, 20)]),
      figure('statement_timeout', part(0.4), 40),
    ],
  }
}
