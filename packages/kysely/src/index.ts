export { guardDialect } from './guard-dialect.ts'

// Helpers for what applications write again and again behind a pooler.
export { notify, withAdvisoryLock, withLease, withSettings, type Handle } from './helpers.ts'
