/** Connections of each of the two pools. */
export const poolSize = 5

/** How long a request waits for one of them. */
export const waits = { acquireTimeoutMillis: 2000, connectTimeoutMillis: 5000, callSites: true } as const
