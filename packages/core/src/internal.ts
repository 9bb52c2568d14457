// For the other packages of poolsafe (entry `@poolsafe/core/internal`). Each of them needs exactly the version of core that
// it was released with, so these names may change in any version. An adapter of another project needs none of them.

export { noteAnswer } from './guard/repaired-locks.ts'
export { originalPosition } from './rewrite/edits.ts'
export { firstReason } from './guard/first-reason.ts'
export { commits, ends } from './analyze/analysis.ts'
export { scanSaysHarmless } from './analyze/analyze.ts'
export { counted, plural } from './counted.ts'
export { isParserLoaded, parses } from './sql/parser.ts'
export { clearInterval, clearTimeout, performance, setImmediate, setInterval, setTimeout } from './measure/real-time.ts'
export { acquireFor, acquisitions, callerContext, type Acquiring, type ConnectionControl } from './guard/acquiring.ts'
export { statementListener, type StatementListener } from './guard/statement-listener.ts'
export { strictness, type StrictOverride } from './guard/strict.ts'
export { shared, type Slot } from './shared.ts'
export { origins } from './stack/origin.ts'
export { readComments } from './exceptions/comment.ts'
export { matchStatement } from './exceptions/statement.ts'
export { inScopeOfCaller, rememberScope } from './exceptions/scope.ts'
export { Checkout, type Handover, type Receiver, type Release } from './checkout/checkout.ts'
export { Gate } from './checkout/gate.ts'
export type { ConnectionSource } from './checkout/connection-source.ts'
export {
  enterProven,
  claimWork,
  enterShared,
  holdings,
  isHeldBySomeFlow,
  newestHolding,
  nextWork,
  openCallback,
  runHolding,
  type BegunTransaction,
  type Holdable,
  type Holding,
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
export { formatCallSite, framesOf, isOwnFrame, readStack, siteOf, takeStack, withDeepStack } from './stack/call-site.ts'
export { examineRepeated } from './observe/repeated/examine-repeated.ts'
export { openRequest, RequestScope } from './observe/repeated/request-scope.ts'
export { SiteBudget } from './stack/stack-budget.ts'
export { addHistograms } from './measure/histogram.ts'
export { callSiteOf } from './checkout/call-sites.ts'
export { seconds } from './checkout/no-connection-message.ts'
export { isFarewell, isGarbled } from './checkout/loss.ts'
export { LostConnections } from './checkout/lost-connections.ts'
export { systemClock } from './measure/clock.ts'
export type { AskOptions, ObservedPool } from './observe/pools/pool-report.ts'
export { nameOfServer, reportOf } from './observe/pools/report-of.ts'
export { resolveHealthOptions } from './observe/health/health-options.ts'
export { docsOf, effectsLeft, effectsOfCall, judgeEffects } from './guard/judge.ts'
export { analyzeRoutine, analyzeStatements, maybe, type StoredAnalysis } from './analyze/stored.ts'
export type { TriggerFacts } from './analyze/trigger-facts.ts'
export type { CallReference, NameReference, Reach, References, RelationReference } from './analyze/references.ts'
export type { ArgumentValue } from './analyze/argument-values.ts'
export type { GivenColumns, RelationUse } from './analyze/relation-uses.ts'
export { effectsOfArguments, withoutArguments, type Parameter } from './catalog/call-arguments.ts'
export { fires, runsHook, takesArguments, visibleIn } from './catalog/conditions.ts'
export { meantBy } from './catalog/overloads.ts'
export { readDescription } from './catalog/read-description.ts'
export { StoredCode } from './catalog/stored-code.ts'
export { descriptionVersion } from './catalog/description.ts'
export type {
  DescribedCode,
  DescribedEffect,
  DescribedEventTrigger,
  DescribedHook,
  DescribedObject,
  DescribedRelation,
  DescribedRoutine,
  DescribedType,
  HookCondition,
} from './catalog/description.ts'
export type { Block } from './analyze/do-block.ts'
export { layOut } from './guard/finding-message.ts'
export {
  checkBoolean,
  checkFunction,
  checkObject,
  checkOneOf,
  closest,
  namesOf,
  resolveFrom,
  type OptionTable,
} from './options.ts'
export { settle } from './transaction/settle.ts'
export { autocommit, inTransaction, type Left, type Settled } from './transaction/state.ts'
export { isConnectionGone } from './transaction/transaction.ts'
export { transactionTexts } from './sql/transaction-control.ts'
export { withSettings, settingStatement } from './helpers/settings.ts'
export { withAdvisoryLock } from './helpers/advisory-lock.ts'
export { withLease } from './helpers/lease.ts'
export { checkChannel, notify } from './helpers/notify.ts'
export { listenText, readSettings, sessionTexts, writeSettings } from './helpers/session.ts'
export { changedParameters, keptBy, outlastsDiscard, type Kept } from './guard/session-residue.ts'
export type { Database, Row, Run } from './helpers/database.ts'

// Parts of the types that `@poolsafe/core` exports: a user reaches them through those.
export type { UnsafeStatementFields } from './guard/unsafe-statement-error.ts'
export type { Clue, Pooler } from './poolers/pooler.ts'
export type { LossFacts } from './checkout/loss.ts'
export { lossReasons, type LossCounts } from './checkout/loss.ts'
export type { CheckoutEvents } from './checkout/events.ts'
export type { StatementEnd } from './checkout/statement-errors.ts'
export type { Activity, Holder } from './checkout/pool-state.ts'
export type { CheckoutCounts } from './checkout/statistics.ts'
export type { DurationHistogram } from './measure/histogram.ts'
export type { ObserveEvents } from './observe/events.ts'
export type { DurationSummary } from './measure/durations.ts'
export type { FingerprintStatistics, KindStatistics } from './observe/statistics.ts'
export type { PoolHealth, PoolPing, ProblemKind } from './observe/health/health.ts'
export type { PoolTotals } from './observe/pools/ended-pools.ts'
export type { StatementKind } from './observe/shape/statement-kind.ts'
export type { Example, Remedy } from './rules/rule.ts'
