import type { RepairedEvent, RuleId } from '@poolsafe/core'
import { formatCallSite } from '@poolsafe/core/internal'
import type { DeclaredRecord } from './declared.ts'
import type { Allowance, Found } from './scope.ts'

/** One finding as plain data, for `task.meta` and for files. It contains no parameter value and no literal. */
export interface FindingRecord {
  readonly rule: RuleId
  /** The outcome: `leaks`, `lost` … */
  readonly outcome: string
  /** The consequence, in one line. */
  readonly message: string
  /** The remedy, in one sentence. */
  readonly instead: string
  /** The page of the rule. */
  readonly docs: string
  /** The statement with literals replaced by `?`. */
  readonly statement: string
  /** The profile that decided, in words. */
  readonly pooler: string
  /** `User.findMany`, if the ORM's adapter knows it. */
  readonly operation?: string
  /** The call site, if known. */
  readonly place?: string
  /** The whole report. */
  readonly manual: string
}

/** An exception in a test. */
export interface ExceptionRecord {
  readonly rule: RuleId
  readonly reason: string
  readonly place?: string
  readonly isUsed: boolean
}

/** One repair as plain data. It contains no parameter value and no literal. */
export interface RepairRecord {
  readonly rule: RuleId
  /** The change: `SET → SET LOCAL`. */
  readonly how: string
  /** The application's statement with literals replaced by `?`. */
  readonly statement: string
  /** The text that was sent instead, with literals replaced by `?`. */
  readonly sent: string
  /** `User.findMany`, if the ORM's adapter knows it. */
  readonly operation?: string
  /** The call site, if known. */
  readonly place?: string
}

/** Additional data of a file in its `meta.poolsafe`. */
export interface FileRecord extends TaskRecord {
  /** The exceptions by statement that were declared while it ran. */
  readonly declared: readonly DeclaredRecord[]
  /** True if all of its tests ran and passed; otherwise unused exceptions cannot be determined. */
  readonly isWhole: boolean
}

/** The data of a test, or of a file outside its tests, in its `meta.poolsafe`. */
export interface TaskRecord {
  readonly findings: readonly FindingRecord[]
  readonly exceptions: readonly ExceptionRecord[]
  readonly repairs: readonly RepairRecord[]
}

/** The records of one statement, one for each rule. */
export function recordsOf({ event }: Found): FindingRecord[] {
  const { statement, pooler, operation, place, message: manual } = event
  const common = { statement, pooler: pooler.label, ...present({ operation, place }), manual }
  return event.findings.map(({ rule, outcome, message, instead, docs }) => ({
    rule,
    outcome,
    message,
    instead,
    docs: `node_modules/@poolsafe/core/${docs}`,
    ...common,
  }))
}

/** The records of one repaired statement, one for each rule. */
export function repairsOf({ repairs, statement, sent, operation, place }: RepairedEvent): RepairRecord[] {
  return repairs.map(({ rule, how }) => ({ rule, how, statement, sent, ...present({ operation, place }) }))
}

export function exceptionRecord({ rule, reason, stack, isUsed }: Allowance): ExceptionRecord {
  return { rule, reason, ...present({ place: formatCallSite(stack) }), isUsed }
}

/** Without the fields that are undefined. */
function present<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: NonNullable<Fields[Name]> } {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(known) as { [Name in keyof Fields]?: NonNullable<Fields[Name]> }
}
