/** Connections of each of the two pools. */
export const poolSize = 5

/**
 * How long a request waits: for a connection, for a new one to open, and for a server connection of PgBouncer.
 */
export const waits = {
  acquireTimeoutMillis: 2000,
  connectTimeoutMillis: 5000,
  poolerWaitTimeoutMillis: 5000,
  // Reports name the line that holds a connection.
  callSites: true,
} as const
