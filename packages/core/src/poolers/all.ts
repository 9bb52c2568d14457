// The one list of pooler profiles, a line each.
export { direct } from './direct.ts'
export { pgbouncer } from './pgbouncer.ts'
export { strictest } from './strictest.ts'
