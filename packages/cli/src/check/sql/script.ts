import type { Finding, PoolerProfile } from '@poolsafe/core'
import { analyze, autocommit, inTransaction, judgeEffects, settle, type Left } from '@poolsafe/core/adapter'
import type { Located } from './located.ts'
import { statementsIn, type Statement } from './statements.ts'

/** How a script is sent: as one text, which PostgreSQL runs as one transaction, or statement by statement. */
export type Sending = 'whole' | 'statements'

/**
 * Judges a script of statements, such as a migration: what it leaves in its session at the end. Each finding has the
 * statement that caused it, one for each rule and statement. PostgreSQL's parser skips what it cannot read.
 */
export function judgeScript(sql: string, pooler: PoolerProfile, sending: Sending): Located[] {
  const start = sending === 'whole' ? inTransaction : autocommit
  let state = start
  const due: [Statement, Left][] = []
  const bySource = new Map<object, Statement>()
  const note = (left: readonly Left[]): void => {
    for (const entry of left) {
      const statement = bySource.get(entry.source)
      if (statement !== undefined) due.push([statement, entry])
    }
  }
  for (const statement of statementsIn(sql)) {
    const source = { sql: statement.text }
    bySource.set(source, statement)
    const settled = settle(analyze(statement.text), source, state)
    note(settled.due)
    const hasEnded = state.isOpen && !settled.after.isOpen
    state = hasEnded ? start : settled.after
  }
  note(state.left)
  return due.flatMap(([statement, entry]) => toLocated(statement, entry, pooler))
}

function toLocated(statement: Statement, { effect }: Left, pooler: PoolerProfile): Located[] {
  const findings: readonly Finding[] = judgeEffects([effect], pooler, {})
  return findings.map((finding) => ({ finding, statement }))
}
