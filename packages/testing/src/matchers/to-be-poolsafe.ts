import { createGuard, poolers, type Context, type Finding, type PoolerProfile } from '@poolsafe/core'
import { redact } from '@poolsafe/core/adapter'
import { checkObject } from '@poolsafe/core/internal'
import type { Verdict } from './verdict.ts'

/** The pooler and the context of a statement. */
export interface StatementContext extends Context {
  /** @default poolers.strictest() */
  readonly pooler?: PoolerProfile
}

/** See {@link PoolsafeMatchers.toBePoolsafe}. */
export function toBePoolsafe(sql: string, given: StatementContext = {}): Verdict {
  checkObject('toBePoolsafe()', given, ['pooler', 'inTransaction', 'pinned', 'named'])
  const { pooler = poolers.strictest(), ...context } = given
  // Pinned state works; it has a cost but is not a fault.
  const findings = createGuard({ pooler })
    .inspect(sql, context)
    .findings.filter(({ outcome }) => outcome !== 'pinned')
  const statement = redact(sql)
  if (findings.length > 0) return { pass: false, message: () => manual(findings, statement, pooler.label) }
  return {
    pass: true,
    message: () =>
      `expected the statement to be unsafe, and it is safe\n  statement  ${statement}\n  pooler     ${pooler.label}`,
  }
}

function manual(findings: readonly Finding[], statement: string, pooler: string): string {
  const each = findings.map(({ rule, message, why, instead, docs }) =>
    [
      `${message} (${rule})`,
      `  why        ${why}`,
      `  instead    ${instead}`,
      `  docs       node_modules/@poolsafe/core/${docs}`,
    ].join('\n'),
  )
  return ['expected the statement to be safe', `  statement  ${statement}`, `  pooler     ${pooler}`, ...each].join(
    '\n',
  )
}
