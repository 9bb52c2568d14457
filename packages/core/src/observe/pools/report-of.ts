import type { Gate } from '../../checkout/gate.ts'
import type { PoolReport } from './pool-report.ts'

/** The facts that a report needs beyond the gate of its pool. */
export interface ReportFacts extends Pick<PoolReport, 'name' | 'server'> {
  /** How long the driver waits for a new connection, in milliseconds; `Infinity` without a limit. */
  readonly connectTimeoutMillis: number
}

/** Returns the report of a pool behind a gate, as it is now. */
export function reportOf<Connection extends object>(
  gate: Gate<Connection>,
  { name, server, connectTimeoutMillis }: ReportFacts,
): PoolReport {
  const statistics = gate.statistics()
  return {
    name,
    server,
    ...statistics,
    max: jsonLimit(statistics.max),
    acquireTimeoutMillis: jsonLimit(gate.limits.acquireTimeoutMillis),
    connectTimeoutMillis: jsonLimit(connectTimeoutMillis),
    maxWaiting: jsonLimit(gate.limits.maxWaiting),
  }
}

/** Returns the name of a pool without one of its own: its server and database, `localhost:6432/shop`. */
export function nameOfServer({ address, port, database }: PoolReport['server']): string {
  return `${address ?? 'unknown'}:${port ?? 5432}/${database ?? 'unknown'}`
}

/** A limit for JSON: `null` for Infinity. */
function jsonLimit(limit: number): number | null {
  return Number.isFinite(limit) ? limit : null
}
