// What adapters need (entry `@poolsafe/core/adapter`). These names may change in any minor version.

export type { Address, Call } from './guard/call.ts'
export type { Entry } from './stack/call-site.ts'
export { engineOf, keepFirstGuard, markGuarded, toEngine } from './guard/brand.ts'
export type { Engine } from './guard/engine.ts'
export type { Guard } from './guard/guard.ts'
export type { GuardOptions } from './guard/options.ts'
export { isPoolsafeError } from './errors.ts'
export { StatementSender, type AnswerReader, type SenderOptions } from './guard/statement-sender.ts'
export { firstReason } from './guard/first-reason.ts'
export { commits, harmless, type Analysis, type Answer, type DetectedEffect } from './analyze/analysis.ts'
export { scanSaysHarmless } from './analyze/analyze.ts'
export { isParserLoaded } from './sql/parser.ts'
export { redact } from './sql/redact.ts'
export { isOfServer, isSqlState, sqlStateOf } from './sql-state.ts'
export { acquisitions, type Acquiring, type ConnectionControl } from './guard/acquiring.ts'
export { statementListener, type StatementListener } from './guard/statement-listener.ts'
export { strictness, type StrictOverride } from './guard/strict.ts'
export { shared, type Slot } from './shared.ts'
export { origins, type Located, type Origin } from './stack/origin.ts'
export { inScopeOfCaller, rememberScope } from './exceptions/scope.ts'
export { Checkout, type Handover, type Receiver, type Release } from './checkout/checkout.ts'
export { Gate } from './checkout/gate.ts'
export type { ConnectionSource } from './checkout/connection-source.ts'
export {
  enterProven,
  claimWork,
  enterShared,
  enterWork,
  holdings,
  isHeldBySomeFlow,
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
export { addHistograms } from './measure/histogram.ts'
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
export { withSettings, settingStatement, type Settings } from './helpers/settings.ts'
export { withAdvisoryLock } from './helpers/advisory-lock.ts'
export { withLease } from './helpers/lease.ts'
export { checkChannel, notify } from './helpers/notify.ts'
export type { Database, Row, Run } from './helpers/database.ts'
export { serverCodeOf } from './helpers/server-code.ts'
