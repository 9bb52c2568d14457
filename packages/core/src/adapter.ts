// For adapters, of this repository and of others (entry `@poolsafe/core/adapter`). docs/adapters.md has the checklist,
// an example and the test suite. These names may change in a minor version; docs/CHANGELOG.md says so.

// The guard as an adapter sees it: its engine, and the mark on what is guarded.
export { engineOf, keepFirstGuard, markGuarded, toEngine } from './guard/brand.ts'
export type { Engine } from './guard/engine.ts'
export type { Guard } from './guard/guard.ts'
export type { GuardOptions } from './guard/options.ts'

// Judge, send, observe, judge the answer: one place for drivers that answer with a promise.
export { StatementSender } from './guard/statement-sender.ts'
export type { AnswerReader, Rewriter, SenderOptions } from './guard/sender-options.ts'
export { Transaction } from './transaction/transaction.ts'
export type { TransactionState } from './transaction/state.ts'
export type { Answer } from './analyze/analysis.ts'

// The same steps one by one, for other drivers.
export { analyze } from './analyze/analyze.ts'
export { harmless, type Analysis, type DetectedEffect } from './analyze/analysis.ts'
export type { Address, Call } from './guard/call.ts'
export type { Move, StatementRemedy } from './guard/remedies.ts'
export type { Replacement } from './guard/repair-plan.ts'
export type { Ending } from './guard/ending.ts'
export type { Observer } from './observe/observer.ts'
export type { Execution } from './observe/execution.ts'

// The origin of a call.
export { currentOrigin, type Layer, type Located, type Origin } from './stack/origin.ts'
export type { Caller, Entry, Site } from './stack/call-site.ts'

// Errors, and texts without literals.
export { isPoolsafeError } from './errors.ts'
export { isOfServer, isSqlState, sqlStateOf } from './sql-state.ts'
export { redact } from './sql/redact.ts'
