import type { PoolerProfile } from '@poolsafe/core'
import { analyze, type Analysis } from '@poolsafe/core/adapter'
import { autocommit, inTransaction, judgeEffects, settle, type Left, type Reach } from '@poolsafe/core/internal'
import type { Located } from './located.ts'
import { statementsIn, type Statement } from './statements.ts'

/** How a script is sent: as one text, which PostgreSQL runs as one transaction, or statement by statement. */
export type Sending = 'whole' | 'statements'

/** A statement of a script with its effects. */
interface Analyzed {
  readonly statement: Statement
  readonly analysis: Analysis
}

/** The state that a statement leaves in the session. */
interface LeftBy {
  readonly statement: Statement
  readonly left: Left
}

/** A script of statements, such as a migration. PostgreSQL's parser skips what it cannot read. */
export class Script {
  readonly statements: readonly Statement[]
  readonly #analyzed: readonly Analyzed[]

  /**
   * @param reach what statements run in the database, if that is known
   * @param part of the text; its statements have their places in the whole text
   */
  constructor(
    sql: string,
    reach?: Reach,
    part: { readonly from: number; readonly to: number } = { from: 0, to: sql.length },
  ) {
    this.statements = statementsIn(sql.slice(part.from, part.to)).map(({ text, from, to }) => ({
      text,
      from: from + part.from,
      to: to + part.from,
    }))
    this.#analyzed = this.statements.map((statement) => ({ statement, analysis: analyze(statement.text, reach) }))
  }

  /** Returns what a script leaves in its session at the end, for {@link judgeLeft}. It depends on no pooler. */
  leaves(sending: Sending): readonly LeftBy[] {
    const start = sending === 'whole' ? inTransaction : autocommit
    let state = start
    const due: LeftBy[] = []
    const bySource = new Map<object, Statement>()
    const note = (all: readonly Left[]): void => {
      for (const left of all) {
        const statement = bySource.get(left.source)
        if (statement !== undefined) due.push({ statement, left })
      }
    }
    for (const { statement, analysis } of this.#analyzed) {
      const source = { sql: statement.text }
      bySource.set(source, statement)
      const settled = settle(analysis, source, state)
      note(settled.due)
      const hasEnded = state.isOpen && !settled.after.isOpen
      state = hasEnded ? start : settled.after
    }
    note(state.left)
    return due
  }
}

/** Judges what a script leaves: each finding has the statement that caused it, one for each rule and statement. */
export function judgeLeft(due: readonly LeftBy[], pooler: PoolerProfile): Located[] {
  return due.flatMap(({ statement, left }) =>
    judgeEffects([left.effect], pooler, {}).map((finding) => ({ finding, statement })),
  )
}
