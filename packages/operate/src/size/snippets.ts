import { counted } from '@poolsafe/core/internal'
import { areShared } from './connections.ts'
import type { ResolvedSize } from './options.ts'

/** Configuration to paste. */
export interface Snippet {
  /** The file, or where it belongs. */
  readonly title: string
  readonly language: 'ini' | 'ts' | 'yaml' | 'sh' | 'sql'
  readonly text: string
}

/** The numbers of a plan that configuration needs. */
export interface PlannedNumbers {
  /** Connections in the pool of one process: `max` of `pg.Pool`, `connection_limit` of Prisma’s engine. */
  readonly pool: number
  /** `default_pool_size` of each pooler; 0 without a pooler. */
  readonly poolSize: number
  /** The most server connections of one pooler: `max_db_connections`; 0 without a pooler. */
  readonly poolerTotal: number
  /** `max_client_conn` of each pooler; 0 without a pooler. */
  readonly maxClients: number
  /** Server connections of the whole application at most, during a rolling update. */
  readonly totalConnections: number
  readonly maxConnections: number
  readonly workMemBytes: number
  readonly acquireTimeoutMillis: number
  readonly queryWaitMillis: number
  readonly statementTimeoutMillis: number
}

export function snippetsOf(size: ResolvedSize, numbers: PlannedNumbers): Snippet[] {
  const ofPooler = size.poolers === 0 ? [] : [pgbouncer(size, numbers), compose(numbers), kubernetes(size, numbers)]
  return [application(numbers), url(size, numbers), ...ofPooler, postgresql(size, numbers), role(numbers)]
}

function application({ pool, acquireTimeoutMillis }: PlannedNumbers): Snippet {
  return {
    title: 'the application',
    language: 'ts',
    text: `const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: ${pool} })
guardPool(pool, guard, { acquireTimeoutMillis: ${acquireTimeoutMillis} })`,
  }
}

/** Prisma's own engine reads these parameters; drivers do not. */
function url({ poolers }: ResolvedSize, { pool, acquireTimeoutMillis }: PlannedNumbers): Snippet {
  const host = poolers === 0 ? 'postgres:5432' : 'pgbouncer:6432'
  const mode = poolers === 0 ? '' : 'pgbouncer=true&'
  const seconds = Math.max(Math.round(acquireTimeoutMillis / 1000), 1)
  return {
    title: 'the URL for Prisma’s own engine (Prisma 6)',
    language: 'sh',
    text: `DATABASE_URL="postgresql://app:$PASSWORD@${host}/app?${mode}connection_limit=${pool}&pool_timeout=${seconds}"`,
  }
}

function pgbouncer(size: ResolvedSize, numbers: PlannedNumbers): Snippet {
  const { poolSize, poolerTotal, maxClients, queryWaitMillis } = numbers
  // One of the limits holds all pairs: that of the database if they have one, that of the user if they have one.
  const shared = areShared(size, numbers) ? `max_user_connections = ${poolerTotal}\n` : ''
  return {
    title: 'pgbouncer.ini',
    language: 'ini',
    text: `[pgbouncer]
pool_mode = transaction
default_pool_size = ${poolSize}
max_db_connections = ${poolerTotal}
${shared}max_client_conn = ${maxClients}
query_wait_timeout = ${queryWaitMillis / 1000}
server_idle_timeout = 600
; PgBouncer 1.21 to 1.23 only: later versions have it by themselves, and older ones do not know it.
; max_prepared_statements = 200`,
  }
}

function compose({ maxClients, poolerTotal }: PlannedNumbers): Snippet {
  return {
    title: 'compose.yaml',
    language: 'yaml',
    text: `services:
  pgbouncer:
    volumes: [./pgbouncer.ini:/etc/pgbouncer/pgbouncer.ini:ro]
    ulimits:
      nofile: ${maxClients + poolerTotal + 100}`,
  }
}

function kubernetes({ poolers, processes, surge }: ResolvedSize, { maxClients }: PlannedNumbers): Snippet {
  return {
    title: 'Kubernetes',
    language: 'yaml',
    text: `# Deployment app: ${counted(processes, 'process')}, and ${surge} more in a rolling update
spec: { replicas: ${processes}, strategy: { rollingUpdate: { maxSurge: ${surge} } } }
---
# Deployment pgbouncer: each takes ${maxClients} clients
spec: { replicas: ${poolers}, strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } } }`,
  }
}

function postgresql({ sharedBuffersBytes }: ResolvedSize, { maxConnections, workMemBytes }: PlannedNumbers): Snippet {
  return {
    title: 'postgresql.conf',
    language: 'ini',
    text: `max_connections = ${maxConnections}
shared_buffers = ${kilobytes(sharedBuffersBytes)}kB
work_mem = ${kilobytes(workMemBytes)}kB`,
  }
}

/** Behind a transaction pooler, timeouts belong to the role: they hold on every server connection. */
function role({ statementTimeoutMillis }: PlannedNumbers): Snippet {
  return {
    title: 'the role of the application',
    language: 'sql',
    text: `ALTER ROLE app SET statement_timeout = ${statementTimeoutMillis};
ALTER ROLE app SET idle_in_transaction_session_timeout = ${statementTimeoutMillis};`,
  }
}

function kilobytes(bytes: number): number {
  return Math.floor(bytes / 1024)
}
