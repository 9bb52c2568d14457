import type { Node } from '@pgsql/types'
import type { DetectedEffect, Step } from './analysis.ts'
import type { Block } from './do-block.ts'
import { failureOf } from './fallible.ts'
import { uncertain } from '../rules/effect.ts'

/**
 * The most effects that the EXECUTE statements of one text add. A text may execute a long statement thousands of times,
 * and its effects count each time.
 */
const mostEffects = 10_000

const nothing: Block = { effects: [] }

/** The statements that one text prepares, for its own EXECUTE. PREPARE in an earlier text was judged there. */
export class PreparedStatements {
  readonly #effectsOfQuery: (query: Node) => DetectedEffect[]
  readonly #queries = new Map<string, Node>()
  readonly #failures = new Map<Node, Step['mayFail']>()
  readonly #effects = new Map<Node, DetectedEffect[]>()
  #added = 0

  /** @param effectsOf returns the effects of the query of a prepared statement */
  constructor(effectsOf: (query: Node) => DetectedEffect[]) {
    this.#effectsOfQuery = effectsOf
  }

  prepare(statement: Node): void {
    if (!('PrepareStmt' in statement)) return
    const { name = '', query } = statement.PrepareStmt
    if (query !== undefined) this.#queries.set(name, query)
  }

  /** @returns the effects of the prepared statement that a statement executes */
  executedBy([name]: readonly string[]): Block {
    return name === undefined ? nothing : this.#execute(name)
  }

  /** Returns when a statement may fail. EXECUTE fails when the prepared statement does. */
  failureOf(statement: Node): Step['mayFail'] {
    if (!('ExecuteStmt' in statement)) return failureOf(statement)
    const { name = '', params } = statement.ExecuteStmt
    const query = this.#queries.get(name)
    if (query === undefined || params !== undefined) return 'within'
    if (!this.#failures.has(query)) this.#failures.set(query, failureOf(query))
    return this.#failures.get(query)
  }

  #execute(name: string): Block {
    const effects = this.#effectsOf(name)
    this.#added += effects.length
    return this.#added <= mostEffects
      ? { effects }
      : { effects: [], undecided: `EXECUTE adds more than ${mostEffects} effects` }
  }

  /** The parameters may name anything, so taking state back is uncertain. */
  #effectsOf(name: string): DetectedEffect[] {
    const query = this.#queries.get(name)
    if (query === undefined) return []
    const known = this.#effects.get(query) ?? this.#effectsOfQuery(query).map((effect) => uncertain(effect))
    this.#effects.set(query, known)
    return known
  }
}
