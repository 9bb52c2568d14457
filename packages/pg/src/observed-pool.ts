import { jsonLimit, type Gate, type ObservedPool, type PoolReport } from '@poolsafe/core'
import { askIdle } from './ask-idle.ts'
import type { OptionsOfPool } from './pool-options.ts'
import { sampleOf } from './startup.ts'
import type { ClientLike, PoolLike } from './types.ts'

/** A pool as those see it that watch it. */
export function observedPool(pool: PoolLike, gate: Gate<ClientLike>, givenName: string | undefined): ObservedPool {
  const server = serverOf(pool)
  const name = givenName ?? `${server.address ?? 'unknown'}:${server.port ?? 5432}/${server.database ?? ''}`
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
    ask: (sql) => askIdle(pool, sql),
    open: () => gate.open(),
  }
}

/** Where the clients of the pool will log in; no user, no password. */
function serverOf(pool: PoolLike): PoolReport['server'] {
  const { host, port, database } = sampleOf(pool) ?? {}
  return { address: textOf(host), port: typeof port === 'number' ? port : undefined, database: textOf(database) }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}
