// For users (entry `@poolsafe/operate`).

// Sizes of pools and poolers.
export { planSize, type SizePlan } from './size/plan.ts'
export type { SizeOptions } from './size/options.ts'
export { sizeClasses, type ClassExample, type SizeClass } from './size/classes.ts'
export type { Figure } from './size/sources.ts'
export type { Limit } from './size/breaks.ts'
export type { Problem } from './size/problems.ts'
export type { Snippet } from './size/snippets.ts'

// The wait for a connection, by formula and by simulation.
export { solveErlang, type ErlangAnswer, type ErlangQueue } from './queue/erlang.ts'
export {
  poissonArrivals,
  replayQueue,
  simulateQueue,
  type Arrival,
  type Servers,
  type Simulation,
  type SimulationOptions,
} from './queue/simulate.ts'
export type { ServiceTime } from './queue/service-time.ts'

// The code that a database keeps.
export {
  audit,
  auditWithCatalog,
  type AuditCatalogOptions,
  type AuditOptions,
  type AuditReport,
} from './audit/audit.ts'
export type { AuditedKind, AuditFinding } from './audit/finding.ts'
export type {
  ConnectionLimit,
  HeldLock,
  OpenTransaction,
  PreparedTransaction,
  RoleSetting,
  Sessions,
  TemporaryObjects,
} from './audit/sessions.ts'
export { adviceOn, DatabaseUnreadableError, type Ask, type Unseen } from './ask/ask.ts'

// The way to the database, checked.
export { doctor, type DoctorReport } from './doctor/doctor.ts'
export type { Check, CheckStatus } from './doctor/check.ts'
export type { DoctorConnection, DoctorOptions, StartupTrial } from './doctor/options.ts'

// Idle connections, watched and closed.
export { watchConnections, type ConnectionWatch } from './watch/watch.ts'
export { WatchRefusedError } from './watch/errors.ts'
export type { WatchConnection, WatchOptions } from './watch/options.ts'
export type { WatchClosed, WatchEvent, WatchSkipped, WatchStarted, WatchStuck, WatchTrouble } from './watch/events.ts'
export type { ClosedConnection, ConnectionGroup, Use, Verdict } from './watch/connections.ts'
export type { WatchStatistics } from './watch/statistics.ts'
