export { guardAdapter } from './guard-adapter.ts'
export { poolsafe, type PoolsafeExtension } from './extension.ts'
export { UnguardedClientError } from './unguarded-client-error.ts'
export type { Adapter, AdapterFactory, AdapterTransaction, Queryable, Statement } from './types.ts'
