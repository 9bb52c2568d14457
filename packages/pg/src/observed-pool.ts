import { jsonLimit, type Gate, type ObservedPool, type PoolReport } from '@poolsafe/core'
import { askIdle } from './ask-idle.ts'
import type { OptionsOfPool } from './pool-options.ts'
import { sampleOf } from './startup.ts'
import type { ClientLike, PoolLike } from './types.ts'

/** A pool as those see it that watch it. */
export function observedPool(pool: PoolLike, gate: Gate<ClientLike>, givenName: string | undefined): ObservedPool {
  const server = serverOf(pool)
  const name = givenName ?? `${server.address ?? 'unknown'}:${server.port ?? 5432}/${server.database ?? 'unknown'}`
  const { options } = pool as { options?: OptionsOfPool }
  return {
    name,
    report(): PoolReport {
      const statistics = gate.statistics()
      return {
        name,
        server,
        ...statistics,
        max: jsonLimit(statistics.max),
        acquireTimeoutMillis: jsonLimit(gate.limits.acquireTimeoutMillis),
        connectTimeoutMillis: jsonLimit(options?.connectionTimeoutMillis || Infinity),
        maxWaiting: jsonLimit(gate.limits.maxWaiting),
      }
    },
    state: () => gate.state(),
    trouble: (recentMillis) => gate.trouble(recentMillis),
    ask: (sql, first) => askIdle(pool, sql, first),
    open: () => gate.open(),
  }
}

/** A name, an address, or the folder of a socket, which has colons at Cloud SQL. */
const hostForm = /^[\w.:-]+$|^\/[\w./:-]+$/
const databaseForm = /^[\w.-]+$/
/** Of a URL whose password holds what ends the host: its first half is then the port. */
const lateAt = /^[^/]*\/\/[^/?#]*[/?#].*@/s

/**
 * Where the clients of the pool will log in; no user, no password. Of a connection string that it does not understand pg makes something
 * all the same, which may hold the password: what has not the form of a name is not told.
 */
function serverOf(pool: PoolLike): PoolReport['server'] {
  const { host, port, database } = sampleOf(pool) ?? {}
  const { connectionString } = (pool as { readonly options?: { readonly connectionString?: unknown } }).options ?? {}
  if (inForm(lateAt, connectionString) !== undefined) return { address: undefined, port: undefined, database: undefined }
  return { address: inForm(hostForm, host), port: typeof port === 'number' ? port : undefined, database: inForm(databaseForm, database) }
}

function inForm(form: RegExp, value: unknown): string | undefined {
  return typeof value === 'string' && form.test(value) ? value : undefined
}
