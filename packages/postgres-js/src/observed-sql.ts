import { setTimeout as sleep } from 'node:timers/promises'
import type { PoolReport } from '@poolsafe/core'
import { nameOfServer, reportOf, type ObservedPool } from '@poolsafe/core/internal'
import type { DriverOptions, PoolSql } from './driver.ts'
import type { Pool } from './pool.ts'

/** How long the connections may take to close after the last answer. */
const endMillis = 1000

/** Keeps what a guard observes of a pool alive as long as its `sql`. */
const observedOf = new WeakMap<object, ObservedPool>()

/**
 * Registers the pool of an `sql` with its guard, until the `sql` ends.
 *
 * @param givenName the name in reports. @default its server and database
 * @returns the `end` of the guarded `sql`, and what takes it out of the statistics
 */
export function observeSql(
  original: PoolSql,
  { guard, connections, losses, line }: Pool,
  givenName?: string,
): Pick<PoolSql, 'end'> & { readonly forget: () => void } {
  const { gate } = line
  const server = serverOf(original.options)
  const name = givenName ?? nameOfServer(server)
  const observed: ObservedPool = {
    name,
    report: () =>
      reportOf(gate, { name, server, connectTimeoutMillis: (original.options.connect_timeout || Infinity) * 1000 }),
    state: () => gate.state(),
    trouble: (recentMillis) => gate.trouble(recentMillis),
    // postgres.js lends no idle connection, and opens one only for a query.
    ask: () => undefined,
    open: () => undefined,
  }
  gate.record.name = name
  guard.pools.add(observed)
  observedOf.set(original, observed)
  const { end } = original
  return {
    forget() {
      guard.pools.delete(observed)
      losses.forget()
    },
    end(...args) {
      guard.pools.end(observed)
      losses.isEnded = true
      const ended = end(...args)
      // postgres.js waits forever for the answers of an unknown connection that was lost.
      const mayHang = losses.areOpen && connections.areUnknown
      return mayHang ? Promise.race([ended, line.answered().then(() => sleep(endMillis))]) : ended
    },
  }
}

/** postgres.js has a list of hosts and ports. */
function serverOf({ host, port, database }: DriverOptions): PoolReport['server'] {
  const [address] = host ?? []
  const [first] = port ?? []
  return {
    address: typeof address === 'string' ? address : undefined,
    port: Number.isInteger(Number(first)) ? Number(first) : undefined,
    database: typeof database === 'string' ? database : undefined,
  }
}
