export { guardPool } from './guard-pool.ts'
export { guardClient } from './guard-client.ts'
export { poolStatistics } from './gate-pool.ts'
export { poolSettings, type PoolOptions, type PoolSettings } from './pool-options.ts'
export type { ClientLike, PoolLike } from './types.ts'

// For the adapters above. These change without notice between minor versions.
export { gateIfPool } from './gate-pool.ts'
export { resolvePoolOptions, type ResolvedPoolOptions } from './pool-options.ts'
