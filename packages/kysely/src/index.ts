export { guardDialect, type DialectOptions } from './guard-dialect.ts'
export { MigrationLockError } from './migration-lock-error.ts'

// Helpers for what applications write again and again behind a pooler.
export { notify, withAdvisoryLock, withLease, withSettings, type Handle } from './helpers.ts'
