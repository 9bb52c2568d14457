import { createGuard, type Context, type Finding, type Outcome, type PoolerProfile } from '@poolsafe/core'
import type { StoredCode } from '@poolsafe/core/internal'

/** The places where a statement may be sent, in the order of the table. */
export const places: Readonly<Record<PlaceName, Context>> = {
  autocommit: { inTransaction: false },
  transaction: { inTransaction: true },
  borrowed: { inTransaction: false, pinned: false },
}

export type PlaceName = 'autocommit' | 'transaction' | 'borrowed'

/** The outcome of each rule that finds something, in each kind of circumstances. */
export type Outcomes = Readonly<Record<PlaceName, readonly Verdict[]>>

/** One finding, without its texts. */
export interface Verdict {
  readonly rule: string
  readonly outcome: Outcome
}

/** Poolers that treat the text alike. */
export interface Group {
  readonly poolers: readonly string[]
  readonly outcomes: Outcomes
}

/** A text judged for several poolers. */
export interface Verdicts {
  readonly sql: string
  readonly groups: readonly Group[]
  /** Each rule that finds something anywhere, once. */
  readonly findings: readonly Finding[]
}

/**
 * Judges a text for each pooler in each place.
 *
 * @param catalog what is known about the code in the database
 */
export function judgeEverywhere(sql: string, profiles: readonly PoolerProfile[], catalog?: StoredCode): Verdicts {
  const groups = new Map<string, { poolers: string[]; outcomes: Outcomes }>()
  const judged = profiles.map((pooler) => ({ pooler, found: judgeIn(sql, pooler, catalog) }))
  for (const { pooler, found } of judged) {
    const outcomes = outcomesOf(found)
    const key = JSON.stringify(outcomes)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { poolers: [pooler.label], outcomes })
    else if (!group.poolers.includes(pooler.label)) group.poolers.push(pooler.label)
  }
  return { sql, groups: [...groups.values()], findings: firstOfEachRule(judged.map(({ found }) => found)) }
}

/** The verdict of a pooler says more than that of the application's own pool, so `borrowed` comes last. */
function firstOfEachRule(judged: readonly Record<PlaceName, readonly Finding[]>[]): Finding[] {
  const inOrder = (['autocommit', 'transaction', 'borrowed'] as const).flatMap((place) =>
    judged.flatMap((found) => found[place]),
  )
  const findings = new Map<string, Finding>()
  for (const finding of inOrder) if (!findings.has(finding.rule)) findings.set(finding.rule, finding)
  return [...findings.values()]
}

function judgeIn(
  sql: string,
  pooler: PoolerProfile,
  catalog: StoredCode | undefined,
): Record<PlaceName, readonly Finding[]> {
  const known = catalog === undefined ? {} : { catalog: catalog.description }
  const guard = createGuard({ pooler, observe: false, ...known })
  const inPlace = (name: PlaceName): readonly Finding[] => guard.inspect(sql, places[name]).findings
  return { autocommit: inPlace('autocommit'), transaction: inPlace('transaction'), borrowed: inPlace('borrowed') }
}

function outcomesOf(found: Record<PlaceName, readonly Finding[]>): Outcomes {
  const short = (findings: readonly Finding[]): Verdict[] => findings.map(({ rule, outcome }) => ({ rule, outcome }))
  return {
    autocommit: short(found.autocommit),
    transaction: short(found.transaction),
    borrowed: short(found.borrowed),
  }
}
