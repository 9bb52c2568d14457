import { createGuard, type Context, type Finding, type Guard, type PoolerProfile } from '@poolsafe/core'
import { analyze } from '@poolsafe/core/adapter'
import { parses, type StoredCode } from '@poolsafe/core/internal'
import type { Located } from './located.ts'
import { nameDriverPlaceholders } from './placeholders.ts'
import { judgeLeft, Script } from './script.ts'
import { statementsIn, type Statement } from './statements.ts'

/** Judges texts for one pooler. */
export class Judge {
  readonly pooler: PoolerProfile
  /** The known facts about the code in the database. */
  readonly catalog: StoredCode | undefined
  readonly #guard: Guard

  constructor(pooler: PoolerProfile, catalog?: StoredCode) {
    this.pooler = pooler
    this.catalog = catalog
    // The texts of a code base come once each.
    const known = catalog === undefined ? {} : { catalog: catalog.description }
    this.#guard = createGuard({ pooler, observe: false, cacheBytes: 0, ...known })
  }

  /**
   * Returns what is found in every one of the contexts: where the code does not show which one holds, a finding in only
   * one of them may be wrong.
   */
  judge(sql: string, contexts: readonly Context[]): Located[] {
    if (sql.length > longest) return judgeLeft(new Script(sql, this.catalog).leaves('whole'), this.pooler)
    // A direct connection has no context of a pooler.
    const [first = [], ...others] = contexts.map((context) => this.#guard.inspect(sql, context).findings)
    const certain = first.filter(({ rule }) => others.every((found) => found.some((other) => other.rule === rule)))
    if (certain.length === 0) return []
    const statements = statementsIn(sql)
    return certain.map((finding) => ({ finding, statement: this.#statementOf(finding, statements, sql) }))
  }

  /**
   * Judges a part of a statement: an expression, a condition, a list of tables. Only functions can be found in it.
   *
   * @returns findings with the part as their statement
   */
  judgeFragment(sql: string): Finding[] {
    const texts = [sql, nameDriverPlaceholders(sql)]
    const whole = texts.flatMap((text) => wrappers.map((wrap) => wrap(text))).find((text) => parses(text))
    if (whole === undefined) return []
    const [first = [], other = []] = [false, true].map(
      (inTransaction) => this.#guard.inspect(whole, { inTransaction }).findings,
    )
    return first.filter(({ rule }) => other.some((found) => found.rule === rule))
  }

  /** The first statement whose own effects have the rule of a finding. */
  #statementOf({ rule, message }: Finding, statements: readonly Statement[], sql: string): Statement {
    const whole = { text: sql.trim(), from: sql.search(/\S|$/), to: sql.trimEnd().length }
    const [only] = statements
    if (only !== undefined && statements.length === 1) return only
    const found = statements.find(({ text }) =>
      analyze(text, this.catalog).steps.some(({ effects }) =>
        effects.some(({ rule: own, via = [], what }) => own === rule && message.startsWith([...via, what].join(' → '))),
      ),
    )
    return found ?? whole
  }
}

/** Longer texts are judged statement by statement, as PostgreSQL's parser takes no more at once. */
const longest = 200_000

const wrappers: readonly ((sql: string) => string)[] = [
  (sql) => `SELECT ${sql}`,
  (sql) => `SELECT (${sql})`,
  (sql) => `SELECT * FROM ${sql}`,
  (sql) => `SELECT 1 WHERE ${sql}`,
  (sql) => `SELECT 1 ${sql}`,
]
