export { guardPool } from './guard-pool.ts'
export { guardClient } from './guard-client.ts'
export { poolStatistics } from './gate-pool.ts'
export { nameOperations } from './operations/name-operations.ts'
export { poolSettings, type GuardPoolOptions, type PoolOptions, type PoolSettings } from './pool-options.ts'
export type { ClientLike, PoolLike } from './types.ts'

// For the adapters above. These exports change without notice between minor versions.
export { gateIfPool } from './gate-pool.ts'
export { nameOperationsIn } from './operations/name-operations.ts'
export { watchFirstUse } from './first-use.ts'
export { secondName, whyNoSecondName } from './repaired-names.ts'
export { resolvePoolOptions, type ResolvedPoolOptions } from './pool-options.ts'

// Helpers for common tasks of applications behind a pooler.
export { notify, withAdvisoryLock, withLease, withSettings } from './helpers/helpers.ts'
export { dedicatedConnection, type DedicatedConnection } from './helpers/dedicated-connection.ts'
export { withSession } from './helpers/with-session.ts'
export { listen, type Listener } from './helpers/listen.ts'
export type { ListenOptions, Notification, NotificationGap, NotificationHandler } from './helpers/listen-options.ts'
export { PooledConnectionError, type DirectOptions } from './helpers/direct-connection.ts'
export { CommitRolledBackError } from './helpers/commit-rolled-back-error.ts'
export type { ClientOf, HelperPool } from './helpers/pg-database.ts'
