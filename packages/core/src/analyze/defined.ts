import type { DoStmt, Node } from '@pgsql/types'
import { statementTexts } from '../sql/parser.ts'
import type { Analysis } from './analysis.ts'
import { DefinedFunctions, wordsIn } from './defined-functions.ts'
import type { Calls } from './detect.ts'
import { analyzeBlock, option, type Block } from './do-block.ts'
import { PreparedStatements } from './prepared-statements.ts'

/**
 * DO blocks that are followed into each other. Each level is parsed anew, so that a text of nothing else would take
 * quadratic time.
 */
const mostNestedBlocks = 8

/** What one text defines, and runs further on: statements that it prepares, functions and procedures. */
export class Defined {
  readonly prepared: PreparedStatements = new PreparedStatements()
  readonly #functions: DefinedFunctions
  readonly #analyze: (sql: string) => Analysis
  readonly #sql: string
  readonly #blockDepth: number
  #texts: readonly string[] | undefined

  /**
   * @param blockDepth in how many DO blocks the text stands
   * @param analyze judges a text that stands in so many
   */
  constructor(sql: string, blockDepth: number, analyze: (sql: string, blockDepth: number) => Analysis) {
    this.#sql = sql
    this.#blockDepth = blockDepth
    this.#analyze = (text) => analyze(text, blockDepth + 1)
    this.#functions = new DefinedFunctions(this.#analyze)
  }

  /** @param index of the statement in its text */
  add(statement: Node, index: number): void {
    this.prepared.prepare(statement)
    if ('CreateFunctionStmt' in statement)
      this.#functions.define(statement.CreateFunctionStmt, () => this.#textOf(index))
  }

  /** @returns the effects of what a statement runs, beside its own */
  runBy({ prepared, functions }: Calls): Block {
    const executed = this.prepared.executedBy(prepared)
    return this.#functions.isEmpty ? executed : joined(executed, this.#functions.calledBy(functions))
  }

  block(block: DoStmt): Block {
    if (this.#blockDepth >= mostNestedBlocks)
      return { effects: [], undecided: `more than ${mostNestedBlocks} DO blocks inside each other` }
    const own = analyzeBlock(block, this.#analyze)
    if (this.#functions.isEmpty) return own
    return joined(own, this.#functions.calledBy(wordsIn(option(block.args ?? [], 'as') ?? '')))
  }

  #textOf(index: number): string {
    this.#texts ??= statementTexts(this.#sql)
    return this.#texts[index] ?? ''
  }
}

function joined(one: Block, other: Block): Block {
  const undecided = one.undecided ?? other.undecided
  return { effects: [...one.effects, ...other.effects], ...(undecided !== undefined && { undecided }) }
}
