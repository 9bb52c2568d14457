import type { FindingEvent } from '@poolsafe/core'
import { strictness, type StrictOverride, shared } from '@poolsafe/core/adapter'
import { unsafeStatements } from './strict/strict-mode-error.ts'

/** Strict mode as it was entered: what has been found since, and the way out. */
export interface StrictMode {
  /** Every finding of every guard of the process so far, whether or not the application caught its error. */
  readonly findings: readonly FindingEvent[]
  /**
   * Throws if anything was found since it was last called: once for each finding, so that it fits a hook after each
   * test.
   *
   * @throws StrictModeError with the report of each
   */
  assertNone(): void
  /** Gives every guard the mode that it was made with, once all who have entered strict mode have left it. */
  leave(): void
}

/**
 * The demands for strict mode that are in force. Process-wide because ES modules and CommonJS each load a copy of this
 * package, and the process is strict as long as either copy demands it.
 */
const active = shared('testing.strict', () => new Set<StrictOverride>())

const everyone: StrictOverride = {
  onFinding(event) {
    for (const demand of active) demand.onFinding(event)
  },
  allows(rule) {
    return [...active].some((demand) => demand.allows?.(rule) === true)
  },
  onDeclared(exception) {
    for (const demand of active) demand.onDeclared?.(exception)
  },
  onAllowed(event) {
    for (const demand of active) demand.onAllowed?.(event)
  },
  onComplaint(error) {
    for (const demand of active) demand.onComplaint?.(error)
  },
}

/**
 * Makes every guard of the process strict, those that exist already and those to come, without touching the
 * application: each finding throws before its statement is sent, unless the guard's `rules` say `allow`. What was
 * wrapped with mode
 * `off` before stays unwrapped. May be entered several times, and left in any order. For Vitest there is
 * `@poolsafe/testing/strict`; this is for every other test runner.
 */
export function enterStrictMode(): StrictMode {
  const findings: FindingEvent[] = []
  let told = 0
  const assertNone = (): void => {
    const untold = findings.slice(told).map((event) => ({ event }))
    told = findings.length
    if (untold.length > 0) throw unsafeStatements('the application', untold)
  }
  const leave = demandStrictMode({ onFinding: (event) => void findings.push(event) })
  return { findings, assertNone, leave }
}

/**
 * Makes every guard of the process strict and keeps nothing.
 *
 * @param demand hears of everything; one object for each demand
 * @returns what takes the demand back
 */
export function demandStrictMode(demand: StrictOverride = { onFinding: () => undefined }): () => void {
  active.add(demand)
  apply()
  return () => {
    active.delete(demand)
    apply()
  }
}

function apply(): void {
  strictness.current = active.size === 0 ? undefined : everyone
}
