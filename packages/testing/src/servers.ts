export { startPostgres, type PostgresOptions, type PostgresServer } from './servers/postgres.ts'
export { startPgBouncer, type PgBouncerOptions, type PgBouncerServer, type PoolMode } from './servers/pgbouncer.ts'
export type { PgBouncerSource } from './servers/pgbouncer-launch.ts'
