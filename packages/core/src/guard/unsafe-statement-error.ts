import type { RuleId } from '../rules/index.ts'
import { PoolsafeError } from '../errors.ts'
import type { Outcome, Finding } from './finding.ts'

/**
 * A statement was refused before it was sent: behind this pooler it would do harm, or nothing. Or, where {@link
 * wasSent}, the server's answer to it was: it tells that the statement did not do what it says. The message is the
 * manual.
 */
export class UnsafeStatementError extends PoolsafeError {
  static override readonly name: string = 'UnsafeStatementError'
  /** The rule of the first finding. */
  readonly rule: RuleId
  /** The outcome without a refusal: see {@link Outcome}. */
  readonly outcome: Outcome
  /** Every finding of the statement, in the order of its text. */
  readonly findings: readonly Finding[]
  /** The statement, its literals replaced by `?`, cut at 300 characters. */
  readonly statement: string
  /** The profile that decided, in words. */
  readonly pooler: string
  /** The ORM's name for the call, such as `User.findMany`, where known. */
  readonly operation: string | undefined
  /** True if the server has seen the statement, and answered it. */
  readonly wasSent: boolean

  constructor(message: string, fields: UnsafeStatementFields) {
    super(message)
    this.rule = fields.findings[0].rule
    this.outcome = fields.findings[0].outcome
    this.findings = fields.findings
    // Everything in it is in the message; Node would print it a second time.
    Object.defineProperty(this, 'findings', { enumerable: false })
    this.statement = fields.statement
    this.pooler = fields.pooler
    this.operation = fields.operation
    this.wasSent = fields.wasSent === true
  }
}

/** The fields of an {@link UnsafeStatementError}. */
export interface UnsafeStatementFields {
  readonly findings: readonly [Finding, ...Finding[]]
  readonly statement: string
  readonly pooler: string
  readonly operation?: string | undefined
  /** @default false */
  readonly wasSent?: boolean
}
