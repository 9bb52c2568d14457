import type { DeallocateStmt, Node } from '@pgsql/types'
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

/** The statements that one text prepares. Its own EXECUTE has their effects; PREPARE has them for later texts. */
export class PreparedStatements {
  readonly #effectsOfQuery: (query: Node) => DetectedEffect[]
  readonly #queries = new Map<string, Node>()
  /** The statements that no EXECUTE of the text has run so far. */
  readonly #unexecuted = new Map<string, Node>()
  readonly #failures = new Map<Node, Step['mayFail']>()
  readonly #effects = new Map<Node, DetectedEffect[]>()
  #added = 0

  /** @param effectsOf returns the effects of the query of a prepared statement */
  constructor(effectsOf: (query: Node) => DetectedEffect[]) {
    this.#effectsOfQuery = effectsOf
  }

  prepare(statement: Node): void {
    if ('DeallocateStmt' in statement) this.#deallocate(statement.DeallocateStmt)
    if (!('PrepareStmt' in statement)) return
    const { name = '', query } = statement.PrepareStmt
    if (query === undefined) return
    this.#queries.set(name, query)
    this.#unexecuted.set(name, statement)
  }

  #deallocate({ name = '', isall: isAll }: DeallocateStmt): void {
    if (isAll) this.#unexecuted.clear()
    else this.#unexecuted.delete(name)
  }

  /**
   * @returns what a later text leaves by EXECUTE of a statement that this text prepares, and neither executes nor
   *   deallocates
   */
  leftByLaterTexts(): ReadonlyMap<Node, readonly DetectedEffect[]> {
    const left = Array.from(this.#unexecuted, ([name, statement]) => {
      const effects = this.#execute(name).effects.filter(({ does, when }) => does === 'leaves' && when === 'always')
      return [statement, effects] as const
    })
    return new Map(left.filter(([, effects]) => effects.length > 0))
  }

  /** @returns the effects of the prepared statement that a statement executes */
  executedBy([name]: readonly string[]): Block {
    if (name === undefined) return nothing
    this.#unexecuted.delete(name)
    return this.#execute(name)
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
