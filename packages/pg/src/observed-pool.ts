import { nameOfServer, reportOf, type Gate, type ObservedPool } from '@poolsafe/core/internal'
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
  const name = givenName ?? nameOfServer(server)
  const { options } = pool as { options?: OptionsOfPool }
  return {
    name,
    report: () => reportOf(gate, { name, server, connectTimeoutMillis: options?.connectionTimeoutMillis || Infinity }),
    state: () => gate.state(),
    trouble: (recentMillis) => ({ ...gate.trouble(recentMillis), readOnly: readOnly.trouble(recentMillis) }),
    ask: (sql, asking) => askIdle(pool, sql, asking),
    open: () => gate.open(),
  }
}
