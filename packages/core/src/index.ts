export { createGuard, type Guard, type Inspection } from './guard/guard.ts'
export type { GuardOptions, Logger, Mode, Policy } from './guard/options.ts'
export type { Context, Finding, Outcome } from './guard/finding.ts'
export type { AllowedEvent, FindingEvent, GuardEvents } from './guard/events.ts'
export { allow } from './exceptions/scope.ts'
export { InvalidCommentError } from './exceptions/comment.ts'
export type { KnownException, RuleIds } from './exceptions/exception.ts'
export type { ExceptionOption } from './exceptions/option.ts'
export {
  PoolsafeError,
  UnsafeStatementError,
  InvalidOptionError,
  PoolsafeFault,
  isPoolsafeError,
  findPoolsafeError,
  type UnsafeStatementFields,
} from './errors.ts'
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
  type LossFacts,
} from './checkout/errors.ts'
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
export type { CheckoutCounts, DurationHistogram, PoolStatistics } from './checkout/statistics.ts'
export type { ObserveOptions, SlowQueryThreshold } from './observe/options.ts'
export type { Layer, ObserveEvents, QueryEvent, RepeatedQueryEvent, SlowQueryEvent } from './observe/events.ts'
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

// For adapters. These change without notice between minor versions.
export type { Address, Call, Entry } from './guard/call.ts'
export { guardOf, keepFirstGuard, markGuarded, toGuard } from './guard/brand.ts'
export { firstReason } from './guard/first-reason.ts'
export { commits, harmless, type Analysis, type Answer, type DetectedEffect } from './analyze/analysis.ts'
export { scanSaysHarmless } from './analyze/analyze.ts'
export { isParserLoaded } from './sql/parser.ts'
export { redact } from './sql/redact.ts'
export { isOfServer, isSqlState, sqlStateOf } from './sql-state.ts'
export {
  processWide,
  type Acquiring,
  type ConnectionControl,
  type Located,
  type Origin,
  type StatementListener,
  type StrictOverride,
} from './guard/strict.ts'
export { inScopeOfCaller } from './exceptions/scope.ts'
export { Checkout, type Handover, type Release } from './checkout/checkout.ts'
export { Gate } from './checkout/gate.ts'
export type { ConnectionSource } from './checkout/connection-source.ts'
export {
  enterHolding,
  enterProven,
  claimWork,
  enterShared,
  enterWork,
  holdings,
  newestHolding,
  openCallback,
  runHolding,
  type BegunTransaction,
  type Holdable,
  type HoldingWork,
  type TransactionCallback,
} from './checkout/holding.ts'
export {
  heldAround,
  heldOf,
  mayPlace,
  placeCall,
  runPlaced,
  wouldWait,
  type SecondCall,
} from './checkout/outside-transaction.ts'
export { AwaitChain, settled } from './stack/await-chain.ts'
export { checkMillis, checkoutOptionNames, resolveLimits, type CheckoutLimits } from './checkout/limits.ts'
export {
  beginsAnew,
  hasStatementLimits,
  limitOfTransaction,
  mayLimitItself,
  onlyBegins,
  resolveStatementLimits,
  type StatementLimits,
} from './checkout/statement-limits.ts'
export { formatCallSite, isOwnFrame, readStack, takeStack, withDeepStack } from './stack/call-site.ts'
export type { Execution } from './observe/execution.ts'
export { examineRepeated } from './observe/repeated/examine-repeated.ts'
export { RequestScope } from './observe/repeated/request-scope.ts'
export type { Observer } from './observe/observer.ts'
export { openRequest } from './observe/repeated/request-scope.ts'
export { SiteBudget } from './stack/stack-budget.ts'
export { addHistograms } from './checkout/statistics.ts'
export { callSiteOf } from './checkout/call-sites.ts'
export { seconds } from './checkout/no-connection-message.ts'
export { isLastWord } from './checkout/loss.ts'
export { LostConnections } from './checkout/lost-connections.ts'
export { systemClock } from './measure/clock.ts'
export { jsonLimit, type AskOptions, type ObservedPool } from './observe/pools/pool-report.ts'
export { resolveHealthOptions } from './observe/health/health-options.ts'
export { judgeEffects } from './guard/judge.ts'
export { layOut } from './guard/finding-message.ts'
export { checkObject, checkOneOf } from './options.ts'
export { isConnectionGone, Transaction, transactionTexts } from './transaction/transaction.ts'
