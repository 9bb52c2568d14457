import type { Scene } from './play.ts'
import { scenesOfConnections } from './scenes-of-connections.ts'
import { scenesOfSessions } from './scenes-of-sessions.ts'
import { scenesOfTransactions } from './scenes-of-transactions.ts'

/** All that no single statement shows: logins, calls of a driver, and answers. */
export const scenes: readonly Scene[] = [...scenesOfConnections, ...scenesOfSessions, ...scenesOfTransactions]
