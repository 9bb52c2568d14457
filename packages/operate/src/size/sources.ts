/** The sources of the formulas. */
export const sources = {
  cores: 'wiki.postgresql.org/wiki/Number_Of_Database_Connections',
  little: 'Little’s law',
  staffing: 'square-root staffing: W. Whitt, Understanding the Efficiency of Multi-Server Service Systems (1992)',
  deadlock: 'github.com/brettwooldridge/HikariCP/wiki/About-Pool-Sizing',
  slots: 'postgresql.org/docs/18/runtime-config-connection.html',
  pgbouncer: 'pgbouncer.org/config.html',
  memory: 'postgresql.org/docs/18/runtime-config-resource.html',
  backend: 'measured on PostgreSQL 18.6 without huge pages',
  workMem: 'pgtune.leopard.in.ua',
  surge: 'kubernetes.io/docs/concepts/workloads/controllers/deployment (maxSurge 25 %)',
  timeouts: 'poolsafe: each wait ends before the wait around it',
} as const

/** One number of a plan, with the way it came about. */
export interface Figure {
  readonly name: string
  readonly value: number
  readonly unit: 'connections' | 'ms' | 'bytes' | 'requests/s' | 'statements/s' | 'processes' | '%'
  /** The formula with its numbers: `2 × 8 cores + 0 disks = 16`. */
  readonly formula: string
  readonly source: string
}
