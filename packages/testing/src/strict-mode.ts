import { processWide, type FindingEvent, type StrictOverride } from '@poolsafe/core'

/** Strict mode as it was entered: what has been found since, and the way out. */
export interface StrictMode {
  /** Every finding of every guard of the process so far, whether or not the application caught its error. */
  readonly findings: readonly FindingEvent[]
  /** Gives every guard the mode that it was made with, once all who have entered strict mode have left it. */
  leave(): void
}

const key = Symbol.for('poolsafe.strict')
const holder = globalThis as { [key]?: Set<StrictOverride> }

/** All who want the process to be strict. Shared by every copy of this package in the process: ES modules and CommonJS have one each. */
const active = (holder[key] ??= new Set())

const everyone: StrictOverride = {
  onFinding(event) {
    for (const demand of active) demand.onFinding(event)
  },
}

/**
 * Makes every guard of the process strict, those that exist already and those to come, without touching the application:
 * each finding throws before its statement is sent, unless the guard's `rules` say `allow`. What was wrapped with mode
 * `off` before stays unwrapped. May be entered several times, and left in any order.
 */
export function enterStrictMode(): StrictMode {
  const findings: FindingEvent[] = []
  const leave = demandStrictMode((event) => void findings.push(event))
  return { findings, leave }
}

/**
 * Makes every guard of the process strict and keeps nothing.
 *
 * @returns what takes the demand back
 */
export function demandStrictMode(onFinding: StrictOverride['onFinding'] = () => undefined): () => void {
  const demand: StrictOverride = { onFinding }
  active.add(demand)
  apply()
  return () => {
    active.delete(demand)
    apply()
  }
}

function apply(): void {
  processWide.strict = active.size === 0 ? undefined : everyone
}
