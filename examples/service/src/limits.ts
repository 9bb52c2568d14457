/** Connections of each of the two pools. */
export const poolSize = 5

/**
 * How long a request waits: for one of them, for a new one to be opened, and for PgBouncer to have a server connection.
 */
export const waits = {
  acquireTimeoutMillis: 2000,
  connectTimeoutMillis: 5000,
  poolerWaitTimeoutMillis: 5000,
  // Reports name the line that holds a connection.
  callSites: true,
} as const
