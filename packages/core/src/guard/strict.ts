import type { Origin } from '../stack/origin.ts'
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Holdable } from '../checkout/holding.ts'
import type { Analysis } from '../analyze/analysis.ts'
import { DeclaredExceptions } from '../exceptions/declared.ts'
import type { KnownException } from '../exceptions/exception.ts'
import type { Scope } from '../exceptions/scope.ts'
import type { PoolsafeError } from '../errors.ts'
import type { RuleId } from '../rules/index.ts'
import type { AllowedEvent, FindingEvent } from './events.ts'
import type { Guard } from './guard.ts'

/** One `acquireConnection` of a layer above, watched by the guarded pool below it. */
export interface Acquiring {
  /** Set by a guarded pool: its guard judges what is sent on the connection, so the layer above does not. */
  judgedBelow: Guard | undefined
  /** Set by a guarded pool: the connection that it was asked for, as its caller will hold it. */
  holding?: Holdable | undefined
  /** Set by a guarded pool that can: controls the connection that it handed out. */
  control?: ConnectionControl | undefined
  /** Calls the acquisition off. */
  readonly signal?: AbortSignal | undefined
}

/** What a layer above a pool can do to the connection that it was handed, without seeing it. */
export interface ConnectionControl {
  /** What was given to the connection last, and may still be waiting there: to be named to `cancel`. */
  latest(): object | undefined
  /**
   * Cancels a query by the protocol's own CancelRequest, if the server is at it; what is over, or not yet sent, is left
   * alone. Resolves when nothing more of it can arrive.
   */
  cancel(query: object): Promise<void>
  /** Closes the connection, and with it whatever the server does for it. Resolves when it is closed. */
  close(): Promise<void>
}

/** Set by the testing package: every guard of the process is strict, and tells what it finds. */
export interface StrictOverride {
  onFinding(event: FindingEvent): void
  /** Whether the test that sends the statement has an exception for this rule. */
  allows?(rule: RuleId): boolean
  /**
   * An exception could allow something from here on: a scope opens, a guard is made with the option, a text with a
   * comment is analysed. Told each time, with the same object for the same exception.
   */
  onDeclared?(exception: KnownException): void
  /** An exception allowed findings: those that no event tells of were declared in vain. */
  onAllowed?(event: AllowedEvent): void
  /** Something beside the statements is wrong, such as a comment that allows nothing; the error is thrown as well. */
  onComplaint?(error: PoolsafeError): void
}

/** Hears of each statement that a guard judges, once, before it is sent. */
export type StatementListener = (sql: string, analysis: Analysis) => void

interface ProcessWide {
  readonly origins: AsyncLocalStorage<Origin>
  readonly acquiring: AsyncLocalStorage<Acquiring>
  /** The scope of `allow(…)` that the caller is in. Read only when there is something to allow. */
  readonly scopes: AsyncLocalStorage<Scope | undefined>
  /** The scopes that have been opened for every guard. */
  readonly declared: DeclaredExceptions
  strict: StrictOverride | undefined
  onStatement: StatementListener | undefined
}

const key = Symbol.for('poolsafe.process')
const holder = globalThis as { [key]?: ProcessWide }

/** Shared by every copy of this package in the process: ESM beside CommonJS, or one for each ORM's adapter. */
export const processWide: ProcessWide = (holder[key] ??= {
  origins: new AsyncLocalStorage(),
  acquiring: new AsyncLocalStorage(),
  scopes: new AsyncLocalStorage(),
  declared: new DeclaredExceptions(),
  strict: undefined,
  onStatement: undefined,
})
