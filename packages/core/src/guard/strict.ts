import type { PoolsafeError } from '../errors.ts'
import type { KnownException } from '../exceptions/exception.ts'
import type { RuleId } from '../rules/index.ts'
import { shared, type Slot } from '../shared.ts'
import type { AllowedEvent, FindingEvent, MovedEvent, RepairedEvent } from './events.ts'

/** Set by the testing package: every guard of the process is strict, and reports its findings. */
export interface StrictOverride {
  onFinding(event: FindingEvent): void
  /** True if the test that sends the statement has an exception for this rule. */
  allows?(rule: RuleId): boolean
  /**
   * An exception could allow something from here on: a scope opens, a guard is made with the option, a text with a
   * comment is analysed. Told each time, with the same object for the same exception.
   */
  onDeclared?(exception: KnownException): void
  /** An exception allowed findings. Exceptions without such an event were declared but never used. */
  onAllowed?(event: AllowedEvent): void
  /** A statement was repaired. */
  onRepaired?(event: RepairedEvent): void
  /** A checkout has moved to a direct connection. */
  onMoved?(event: MovedEvent): void
  /** Something beside the statements is wrong, such as a comment that allows nothing; the error is thrown as well. */
  onComplaint?(error: PoolsafeError): void
}

/**
 * Makes every guard strict while it is set; only `@poolsafe/testing` sets it. Process-wide because a test must reach
 * the guards of every copy of this package that the application has loaded.
 */
export const strictness: Slot<StrictOverride> = shared('strictness', () => ({ current: undefined }))

/** Reports an exception to the test that runs, if guards are strict. */
export function declareInStrictMode(exception: KnownException): void {
  strictness.current?.onDeclared?.(exception)
}
