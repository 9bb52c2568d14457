export { createGuard, type Guard, type Inspection } from './guard/guard.ts'
export type { GuardOptions, Logger, Mode, Policy } from './guard/options.ts'
export type { Context, Finding, Outcome } from './guard/finding.ts'
export type { FindingEvent, GuardEvents } from './guard/events.ts'
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
export { rules, ruleById, type RuleId } from './rules/index.ts'
export type { Rule, Example, Remedy } from './rules/rule.ts'

// For adapters. These change without notice between minor versions.
export { toGuard, type Call, type Entry } from './guard/guard.ts'
export { guardOf, keepFirstGuard, markGuarded } from './guard/brand.ts'
export { commits, harmless, type Analysis, type Answer } from './analyze/analysis.ts'
export { scanSaysHarmless } from './analyze/analyze.ts'
export { isParserLoaded } from './analyze/parser.ts'
export { redact } from './analyze/redact.ts'
export { processWide, type Acquiring, type Origin, type StrictOverride } from './guard/process-wide.ts'
export { withDeepStack } from './guard/call-site.ts'
export { Transaction } from './checkout/transaction.ts'
