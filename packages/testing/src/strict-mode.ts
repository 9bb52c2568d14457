import { processWide, type FindingEvent } from '@poolsafe/core'

/** Strict mode as it was entered: what has been found since, and the way out. */
export interface StrictMode {
  /** Every finding of every guard of the process so far, whether or not the application caught its error. */
  readonly findings: readonly FindingEvent[]
  /** Gives every guard the mode that it was made with. */
  leave(): void
}

/**
 * Makes every guard of the process strict, those that exist already and those to come, without touching the application:
 * each finding throws before its statement is sent, unless the guard's `rules` say `allow`. What was wrapped with mode
 * `off` before stays unwrapped.
 */
export function enterStrictMode(): StrictMode {
  const findings: FindingEvent[] = []
  const before = processWide.strict
  processWide.strict = {
    onFinding(event) {
      findings.push(event)
      before?.onFinding(event)
    },
  }
  return {
    findings,
    leave() {
      processWide.strict = before
    },
  }
}
