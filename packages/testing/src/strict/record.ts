import type { RuleId } from '@poolsafe/core'
import { formatCallSite } from '@poolsafe/core/adapter'
import type { DeclaredRecord } from './declared.ts'
import type { Allowance, Found } from './scope.ts'

/** One finding as plain data, for `task.meta` and for files. Holds no parameter value and no literal of a statement. */
export interface FindingRecord {
  readonly rule: RuleId
  /** What would have happened: `leaks`, `lost` … */
  readonly outcome: string
  /** The consequence, in one line. */
  readonly message: string
  /** The remedy, in one sentence. */
  readonly instead: string
  /** The page of the rule. */
  readonly docs: string
  /** The statement, its literals replaced by `?`. */
  readonly statement: string
  /** The profile that decided, in words. */
  readonly pooler: string
  /** `User.findMany`, where an ORM's layer knows. */
  readonly operation?: string
  /** The line of the application, where known. */
  readonly place?: string
  /** The whole report. */
  readonly manual: string
}

/** An exception that a test made. */
export interface ExceptionRecord {
  readonly rule: RuleId
  readonly reason: string
  readonly place?: string
  readonly isUsed: boolean
}

/** What a file leaves in its `meta.poolsafe` besides. */
export interface FileRecord extends TaskRecord {
  /** The exceptions by statement that were declared while it ran. */
  readonly declared: readonly DeclaredRecord[]
  /** Whether all of its tests ran and passed: otherwise nobody knows whether an exception is needed. */
  readonly isWhole: boolean
}

/** What a test, or a file outside its tests, leaves in its `meta.poolsafe`. */
export interface TaskRecord {
  readonly findings: readonly FindingRecord[]
  readonly exceptions: readonly ExceptionRecord[]
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

export function exceptionRecord({ rule, reason, stack, isUsed }: Allowance): ExceptionRecord {
  return { rule, reason, ...present({ place: formatCallSite(stack) }), isUsed }
}

/** Without the fields that are undefined. */
function present<Fields extends object>(fields: Fields): { [Name in keyof Fields]?: NonNullable<Fields[Name]> } {
  const known = Object.entries(fields).filter(([, value]) => value !== undefined)
  return Object.fromEntries(known) as { [Name in keyof Fields]?: NonNullable<Fields[Name]> }
}
