import type { Node } from 'libpg-query'
import type { DetectedEffect } from './analysis.ts'
import { detect } from './detect.ts'
import type { Block } from './do-block.ts'

/**
 * The most effects that the EXECUTEs of one text add to it. A text may execute a long statement thousands of times, and each time
 * all its effects count again.
 */
const mostEffects = 10_000

const nothing: Block = { effects: [] }

/** The statements that one text prepares: its own EXECUTE runs them. An earlier text's PREPARE was judged with that text. */
export class PreparedStatements {
  readonly #queries = new Map<string, Node>()
  readonly #effects = new Map<Node, DetectedEffect[]>()
  #added = 0

  /** @returns the effects of what a statement executes, beside its own */
  follow(statement: Node): Block {
    if ('PrepareStmt' in statement) {
      const { name = '', query } = statement.PrepareStmt
      if (query !== undefined) this.#queries.set(name, query)
    }
    return 'ExecuteStmt' in statement ? this.#execute(statement.ExecuteStmt.name ?? '') : nothing
  }

  #execute(name: string): Block {
    const effects = this.#effectsOf(name)
    this.#added += effects.length
    return this.#added <= mostEffects ? { effects } : { effects: [], undecided: `EXECUTE adds more than ${mostEffects} effects` }
  }

  #effectsOf(name: string): DetectedEffect[] {
    const query = this.#queries.get(name)
    if (query === undefined) return []
    const known = this.#effects.get(query) ?? detect(query)
    this.#effects.set(query, known)
    return known
  }
}
