import type { PoolReport } from '@poolsafe/core'
import { jsonLimit, type Gate, type ObservedPool } from '@poolsafe/core/adapter'
import { askIdle } from './ask-idle.ts'
import type { OptionsOfPool } from './pool-options.ts'
import type { ReadOnlyWatch } from './read-only-watch.ts'
import { serverOf } from './server-address.ts'
import type { ClientLike, PoolLike } from './types.ts'

/** Returns a pool as its observers see it. */
export function observedPool(
  pool: PoolLike,
  gate: Gate<ClientLike>,
  givenName: string | undefined,
  readOnly: ReadOnlyWatch,
): ObservedPool {
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
    trouble: (recentMillis) => ({ ...gate.trouble(recentMillis), readOnly: readOnly.trouble(recentMillis) }),
    ask: (sql, asking) => askIdle(pool, sql, asking),
    open: () => gate.open(),
  }
}
