import type { DoStmt, Node } from '@pgsql/types'
import { statementTexts } from '../sql/parser.ts'
import { uncertain } from '../rules/effect.ts'
import { effectsIn, type Analysis, type DetectedEffect } from './analysis.ts'
import { Definitions } from './definitions.ts'
import type { Calls } from './detect.ts'
import { analyzeBlock, option, type Block } from './do-block.ts'
import { namesRunBy, namesRunByBlock } from './mentions.ts'
import { PreparedStatements } from './prepared-statements.ts'

/** The deepest nesting of DO blocks that is followed. Each level is parsed anew, so more would take quadratic time. */
const mostNestedBlocks = 8

/** The objects that one text defines and may run later: prepared statements, functions, checks, views, triggers. */
export class Defined {
  readonly prepared: PreparedStatements
  readonly #definitions: Definitions
  readonly #analyze: (sql: string) => Analysis
  readonly #sql: string
  readonly #blockDepth: number
  #texts: readonly string[] | undefined

  /**
   * @param blockDepth the number of DO blocks around the text
   * @param analyze analyzes a text inside that number of DO blocks
   * @param effectsOf returns the effects of the query of a prepared statement
   */
  constructor(
    sql: string,
    blockDepth: number,
    analyze: (sql: string, blockDepth: number) => Analysis,
    effectsOf: (query: Node) => DetectedEffect[],
  ) {
    this.prepared = new PreparedStatements(effectsOf)
    this.#sql = sql
    this.#blockDepth = blockDepth
    this.#analyze = (text) => analyze(text, blockDepth + 1)
    this.#definitions = new Definitions(this.#analyze)
  }

  /** @param index the index of the statement in its text */
  add(statement: Node, index: number): void {
    this.prepared.prepare(statement)
    this.#definitions.add(statement, () => this.#textOf(index))
  }

  /** @returns the effects of the definitions that a statement runs, without its own effects */
  runBy(statement: Node, { prepared, texts }: Calls): Block {
    let run = this.prepared.executedBy(prepared)
    if (texts.length > 0) run = texts.map((text) => this.#ofText(text)).reduce(joined, run)
    return this.#definitions.isEmpty ? run : joined(run, this.#definitions.runBy(namesRunBy(statement)))
  }

  /** Judges a text that a function runs. */
  #ofText(text: string | undefined): Block {
    if (text === undefined || this.#blockDepth >= mostNestedBlocks)
      return { effects: [], undecided: 'a function that runs a text which is no constant, or is nested too deeply' }
    const { undecided, ...analysis } = this.#analyze(text)
    const effects = effectsIn(analysis).filter(({ when }) => when === 'always' || when === 'transaction')
    return { effects: effects.map((effect) => uncertain(effect)), ...(undecided !== undefined && { undecided }) }
  }

  block(block: DoStmt): Block {
    if (this.#blockDepth >= mostNestedBlocks)
      return { effects: [], undecided: `more than ${mostNestedBlocks} DO blocks inside each other` }
    const own = analyzeBlock(block, this.#analyze)
    if (this.#definitions.isEmpty) return own
    return joined(own, this.#definitions.runBy(namesRunByBlock(option(block.args ?? [], 'as') ?? '')))
  }

  #textOf(index: number): string {
    this.#texts ??= statementTexts(this.#sql)
    return this.#texts[index] ?? ''
  }
}

function joined(one: Block, other: Block): Block {
  const undecided = one.undecided ?? other.undecided
  const creates = one.creates ?? other.creates
  return {
    effects: [...one.effects, ...other.effects],
    ...(undecided !== undefined && { undecided }),
    ...(creates && { creates }),
  }
}
