export { guardAdapter } from './guard-adapter.ts'
export { poolsafe, type PoolsafeExtension } from './extension.ts'
export { ForeignPoolError } from './foreign-pool-error.ts'
export { UnguardedClientError } from './unguarded-client-error.ts'
export type { Adapter, AdapterFactory, AdapterTransaction, Queryable, Statement } from './types.ts'

// Helpers for what applications write again and again behind a pooler.
export {
  notify,
  withAdvisoryLock,
  withLease,
  withSettings,
  type HelperClient,
  type TransactionOf,
  type TransactionOptions,
} from './helpers.ts'
export { settings } from './settings.ts'
