export { createGuard, type Guard, type Inspection } from './guard/guard.ts'
export type { GuardOptions, Mode, Policy } from './guard/options.ts'
export type { Logger } from './log/log-writer.ts'
export type { Context, Finding, Outcome } from './guard/finding.ts'
export type { AllowedEvent, FindingEvent, GuardEvents } from './guard/events.ts'
export { allow } from './guard/allow.ts'
export { InvalidCommentError } from './exceptions/comment.ts'
export type { KnownException, RuleIds } from './exceptions/exception.ts'
export type { ExceptionOption } from './exceptions/option.ts'
export { PoolsafeError, InvalidOptionError, PoolsafeFault, isPoolsafeError, findPoolsafeError } from './errors.ts'
export { UnsafeStatementError, type UnsafeStatementFields } from './guard/unsafe-statement-error.ts'
export * as poolers from './poolers/index.ts'
export type { DetectedPooler, PoolerFacts } from './poolers/detect.ts'
export type { Clue, Pooler } from './poolers/pooler.ts'
export type { Carried, PoolerProfile } from './poolers/profile.ts'
export {
  AcquireTimeoutError,
  ConnectionLostError,
  NoConnectionError,
  QueueFullError,
  SelfDeadlockError,
  ServerRefusesError,
} from './checkout/errors.ts'
export type { LossFacts } from './checkout/loss.ts'
export { lossReasons, type LossCounts, type LossReason } from './checkout/loss.ts'
export type {
  AcquireEvent,
  CheckoutEvents,
  ConnectFailureEvent,
  ConnectionLostEvent,
  DeadlockEvent,
  LeakEndEvent,
  LeakEvent,
  PoolerWaitEvent,
  ReleaseEvent,
  TimeoutEvent,
} from './checkout/events.ts'
export { PoolerWaitError, StatementTimeoutError, type StatementEnd } from './checkout/statement-errors.ts'
export type { StatementLimitOptions } from './checkout/statement-limits.ts'
export { classifyFailure } from './checkout/failures.ts'
export type { Failure, FailureKind } from './failure.ts'
export type { CheckoutOptions, FailFast } from './checkout/limits.ts'
export type { Activity, Holder, LikelyCause } from './checkout/pool-state.ts'
export type { CheckoutCounts, PoolStatistics } from './checkout/statistics.ts'
export type { DurationHistogram } from './measure/histogram.ts'
export type { ObserveOptions, SlowQueryThreshold } from './observe/options.ts'
export type { ObserveEvents, QueryEvent, RepeatedQueryEvent, SlowQueryEvent } from './observe/events.ts'
export type { Layer } from './stack/origin.ts'
export type { DurationSummary } from './measure/durations.ts'
export { withRequestScope, type RequestScopeOptions } from './observe/repeated/request-scope.ts'
export type { FingerprintStatistics, GuardStatistics, KindStatistics } from './observe/statistics.ts'
export type { GuardHealth, PoolHealth, PoolPing, ProblemKind } from './observe/health/health.ts'
export type { HealthOptions } from './observe/health/health-options.ts'
export type { PoolReport } from './observe/pools/pool-report.ts'
export type { PoolTotals } from './observe/pools/ended-pools.ts'
export type { StatementKind } from './observe/shape/statement-kind.ts'
export { rules, ruleById, type RuleId } from './rules/index.ts'
export type { Rule, Example, Remedy } from './rules/rule.ts'
export type { Settings } from './helpers/settings.ts'
export type { AdvisoryLockOptions, Locked, LockKey, LockWait } from './helpers/advisory-lock.ts'
export type { Lease, LeaseOptions } from './helpers/lease.ts'
export { LeaseLostError } from './helpers/lease-lost-error.ts'
