// For users (entry `@poolsafe/core`). `@poolsafe/core/adapter` has the names for adapters,
// `@poolsafe/core/internal` those for the other packages of poolsafe, and the parts of the types below.

// The guard, its options, its findings and its events.
export { createGuard, type Guard, type Inspection } from './guard/guard.ts'
export type { GuardOptions, Mode, Policy } from './guard/options.ts'
export type { CatalogDescription } from './catalog/description.ts'
export type { Logger } from './log/log-writer.ts'
export type { Context, Finding, Outcome } from './guard/finding.ts'
export type { AllowedEvent, FindingEvent, GuardEvents, MovedEvent, Repair, RepairedEvent } from './guard/events.ts'

// Exceptions with reasons.
export { allow } from './guard/allow.ts'
export type { KnownException, RuleIds } from './exceptions/exception.ts'
export type { ExceptionOption } from './exceptions/option.ts'

// Errors. `isPoolsafeError` and `findPoolsafeError` recognise them across copies of this package.
export {
  PoolsafeError,
  InvalidOptionError,
  PoolsafeFault,
  CallbackError,
  isPoolsafeError,
  findPoolsafeError,
} from './errors.ts'
export { InvalidCommentError } from './exceptions/comment.ts'
export { UnsafeStatementError } from './guard/unsafe-statement-error.ts'
export {
  AcquireTimeoutError,
  ConnectionLostError,
  NoConnectionError,
  QueueFullError,
  SelfDeadlockError,
  ServerRefusesError,
} from './checkout/errors.ts'
export { PoolerWaitError, StatementTimeoutError } from './checkout/statement-errors.ts'
export type { LikelyCause } from './checkout/pool-state.ts'
export type { LossReason } from './checkout/loss.ts'
export { classifyFailure } from './checkout/failures.ts'
export type { Failure, FailureKind } from './failure.ts'

// Poolers and rules.
export * as poolers from './poolers/index.ts'
export type { DetectedPooler, PoolerFacts } from './poolers/detect.ts'
export type { Carried, PoolerProfile } from './poolers/profile.ts'
export { rules, ruleById, type RuleId } from './rules/index.ts'
export type { Rule } from './rules/rule.ts'
export type { Helper, HelperUse } from './rules/helper.ts'

// The limits of pools, and their events.
export type { CheckoutOptions, FailFast } from './checkout/limits.ts'
export type { StatementLimitOptions } from './checkout/statement-limits.ts'
export type {
  AcquireEvent,
  ConnectFailureEvent,
  ConnectionLostEvent,
  DeadlockEvent,
  LeakEndEvent,
  LeakEvent,
  PoolerWaitEvent,
  ReleaseEvent,
  TimeoutEvent,
} from './checkout/events.ts'

// Slow and repeated queries, statistics and health.
export type { ObserveOptions, SlowQueryThreshold } from './observe/options.ts'
export type { QueryEvent, RepeatedQueryEvent, SlowQueryEvent } from './observe/events.ts'
export { withRequestScope, type RequestScopeOptions } from './observe/repeated/request-scope.ts'
export type { GuardStatistics } from './observe/statistics.ts'
export type { PoolStatistics } from './checkout/statistics.ts'
export type { PoolReport } from './observe/pools/pool-report.ts'
export type { GuardHealth } from './observe/health/health.ts'
export type { HealthOptions } from './observe/health/health-options.ts'

// The helpers of the adapters: settings, locks and leases.
export type { Settings } from './helpers/settings.ts'
export type { AdvisoryLockOptions, Locked, LockKey, LockWait } from './helpers/advisory-lock.ts'
export type { Lease, LeaseOptions } from './helpers/lease.ts'
export { LeaseLostError } from './helpers/lease-lost-error.ts'
