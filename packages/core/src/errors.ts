import type { Finding, Outcome } from './guard/finding.ts'
import type { RuleId } from './rules/index.ts'

/** Shared by every copy of poolsafe in the process, so that two installed versions recognise each other's errors. */
const brand = Symbol.for('poolsafe.error')

/**
 * Every error of poolsafe. None has a `code`: Prisma replaces an error that has one by an error of its own, without its
 * class, its fields and its cause.
 */
export abstract class PoolsafeError extends Error {
  /** A literal, because bundlers rename classes. */
  static override readonly name: string = 'PoolsafeError'

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    Object.defineProperty(this, brand, { value: true })
    // On the prototype, `name` would not survive a copy of the error's own fields.
    Object.defineProperty(this, 'name', { value: new.target.name, configurable: true })
  }
}

/**
 * A statement was refused before it was sent: behind this pooler it would do harm, or nothing. Or, where {@link
 * wasSent}, the server's answer to it was: it tells that the statement did not do what it says. The message is the
 * manual.
 */
export class UnsafeStatementError extends PoolsafeError {
  static override readonly name: string = 'UnsafeStatementError'
  /** The rule of the first finding. */
  readonly rule: RuleId
  /** What would have happened: see {@link Outcome}. */
  readonly outcome: Outcome
  /** Every finding of the statement, in the order of its text. */
  readonly findings: readonly Finding[]
  /** The statement, its literals replaced by `?`, cut at 300 characters. */
  readonly statement: string
  /** The profile that decided, in words. */
  readonly pooler: string
  /** The ORM's name for the call, such as `User.findMany`, where known. */
  readonly operation: string | undefined
  /** Whether the server has seen the statement, and answered it. */
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

/** What an {@link UnsafeStatementError} tells beside its message. */
export interface UnsafeStatementFields {
  readonly findings: readonly [Finding, ...Finding[]]
  readonly statement: string
  readonly pooler: string
  readonly operation?: string | undefined
  /** @default false */
  readonly wasSent?: boolean
}

/** An option is unknown, or has a value that it cannot have. Thrown at construction; nothing is clamped. */
export class InvalidOptionError extends PoolsafeError {
  static override readonly name: string = 'InvalidOptionError'
  /** The option's name. */
  readonly option: string

  /** @param meant what was probably meant */
  constructor(option: string, came: unknown, allowed: string, meant?: string) {
    super(
      meant === undefined
        ? `${option} must be ${allowed}; got ${shown(came)}`
        : `${option} is ${shown(came)}: did you mean '${meant}'? It must be ${allowed}`,
    )
    this.option = option
  }
}

/** A fault inside poolsafe itself. Outside strict mode it is reported once and the statement goes on. */
export class PoolsafeFault extends PoolsafeError {
  static override readonly name: string = 'PoolsafeFault'
  constructor(where: string, cause: unknown) {
    super(`poolsafe failed while it tried to ${where}; this is a bug of poolsafe, please report it`, { cause })
  }
}

/** Whether an error is poolsafe's own, whichever copy of the package made it. */
export function isPoolsafeError(error: unknown): error is PoolsafeError {
  return typeof error === 'object' && error !== null && brand in error
}

/** The error of poolsafe that `error` is or was caused by; ORMs wrap errors of the driver in their own. */
export function findPoolsafeError(error: unknown): PoolsafeError | undefined {
  const seen = new Set<unknown>()
  for (let next = error; typeof next === 'object' && next !== null && !seen.has(next);) {
    if (isPoolsafeError(next)) return next
    seen.add(next)
    next = (next as { cause?: unknown }).cause
  }
  return undefined
}

/** What came, unless it may hold a secret: a connection string in the wrong place is the likeliest mistake. */
function shown(value: unknown): string {
  if (typeof value === 'string') return value.length > 40 || /:\/\/|[@=]/.test(value) ? 'a string' : `'${value}'`
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  return String(value)
}
