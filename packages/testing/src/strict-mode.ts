import type { FindingEvent } from '@poolsafe/core'
import { strictness, type StrictOverride, shared } from '@poolsafe/core/internal'
import { unsafeStatements } from './strict/strict-mode-error.ts'

/** Strict mode since it was entered: its findings, and how to leave it. */
export interface StrictMode {
  /** All findings of all guards of the process so far, even if the application caught their errors. */
  readonly findings: readonly FindingEvent[]
  /**
   * Throws if there are findings since the last call. Each finding throws once, so it fits a hook after each test.
   *
   * @throws StrictModeError with the report of each
   */
  assertNone(): void
  /** Restores the mode of every guard when strict mode was left as often as it was entered. */
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
  onRepaired(event) {
    for (const demand of active) demand.onRepaired?.(event)
  },
  onMoved(event) {
    for (const demand of active) demand.onMoved?.(event)
  },
  onComplaint(error) {
    for (const demand of active) demand.onComplaint?.(error)
  },
}

/**
 * Makes all existing and future guards of the process strict without a change of the application: each finding throws
 * before its statement is sent, unless the guard's `rules` say `allow`. Objects that were wrapped with mode `off` stay
 * unwrapped. It may be entered several times and left in any order. Use it in other test runners than Vitest, which has
 * `@poolsafe/testing/strict`.
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
 * Makes every guard of the process strict without recording.
 *
 * @param demand receives all findings; one object for each demand
 * @returns a function that withdraws the demand
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
