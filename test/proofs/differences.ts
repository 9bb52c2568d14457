import type { RuleId } from '@poolsafe/core'
import type { Seen } from './experiment.ts'
import type { Result } from './run.ts'
import { unlockedElsewhere } from './scenes-of-sessions.ts'

/** The cases in which the guard warns of a harmless statement, or gives the harm another name, with the reason. */
export interface Difference {
  readonly rule: RuleId
  readonly sql: string
  readonly server: string
  /** @default 'none' */
  readonly seen?: Seen
  readonly why: string
}

const ofOneSchema =
  'Odyssey restores the name of one schema, and mangles a list of several (`smart_search_path_enquoting` is off by default); a profile knows a setting by its name alone'

/** Each is needed: one that is not met any more fails the run. */
export const differences: readonly Difference[] = [
  { rule: 'session/set', sql: "SET search_path = 'tenant_a'", server: 'Odyssey 1.5', why: ofOneSchema },
  { rule: 'session/set', sql: "SET SCHEMA 'tenant_a'", server: 'Odyssey 1.5', why: ofOneSchema },
  {
    rule: 'session/unlock-not-held',
    sql: unlockedElsewhere,
    server: 'Odyssey 1.5',
    seen: 'wiped',
    why: 'the answer is the same, whether the lock is held on another server connection or was released there when the transaction ended',
  },
]

/** Unexplained results: contradictions that are not listed, and listed differences that did not occur. */
export function unexplained(results: readonly Result[]): string[] {
  const isMet = ({ sql, server, seen = 'none' }: Difference): boolean =>
    results.some(
      (result) =>
        result.sql === sql && result.target === server && result.seen === seen && result.contradiction !== undefined,
    )
  const met = differences.filter(isMet)
  const contradictions = results.filter(
    ({ contradiction, sql, target }) =>
      contradiction !== undefined && !met.some((each) => each.sql === sql && each.server === target),
  )
  const servers = new Set(results.map(({ target }) => target))
  const unmet = differences.filter((each) => servers.has(each.server) && !met.includes(each))
  return [
    ...contradictions.map(
      ({ target, rule, sql, contradiction = '' }) => `${target}: ${sql} (${rule}): ${contradiction}`,
    ),
    ...unmet.map(({ server, sql }) => `${server}: ${sql}: a difference is listed that was not met`),
  ]
}
