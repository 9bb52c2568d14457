import type { CreateFunctionStmt, Node } from '@pgsql/types'
import { uncertain } from '../rules/effect.ts'
import { names } from '../sql/function-call.ts'
import { ParseRefused, ParseTooComplex, parseFunction } from '../sql/parser.ts'
import { effectsIn, type Analysis } from './analysis.ts'
import { detect } from './detect.ts'
import { analyzeBody, option, type Block } from './do-block.ts'

const nothing: Block = { effects: [] }

/** The most functions that one call is followed into. */
const mostFollowed = 100

interface Definition {
  readonly statement: CreateFunctionStmt
  /** `CREATE FUNCTION …`, as it was written. */
  readonly text: () => string
}

/**
 * The functions and procedures that one text defines: a later statement of the same text runs them at once. Overloaded
 * functions all count as called, and what a body takes back counts for nothing. Triggers, defaults and policies are not
 * followed.
 */
export class DefinedFunctions {
  readonly #definitions = new Map<string, Definition[]>()
  readonly #blocks = new Map<string, Block>()
  readonly #analyze: (sql: string) => Analysis

  /** @param analyze judges the statements of a body */
  constructor(analyze: (sql: string) => Analysis) {
    this.#analyze = analyze
  }

  define(statement: CreateFunctionStmt, text: () => string): void {
    const name = names(statement.funcname).at(-1) ?? ''
    this.#definitions.set(name, [...(this.#definitions.get(name) ?? []), { statement, text }])
    this.#blocks.clear()
  }

  get isEmpty(): boolean {
    return this.#definitions.size === 0
  }

  /** @returns the effects of the functions with these names, and of those that they call */
  calledBy(called: Iterable<string>): Block {
    const followed = new Set<string>()
    const pending = [...called]
    const blocks: Block[] = []
    for (let name = pending.pop(); name !== undefined && followed.size < mostFollowed; name = pending.pop()) {
      const definitions = this.#definitions.get(name)
      if (definitions === undefined || followed.has(name)) continue
      followed.add(name)
      blocks.push(this.#blockOf(name, definitions))
      pending.push(
        ...definitions.flatMap(({ statement }) => wordsIn(JSON.stringify(statement.sql_body ?? bodyOf(statement)))),
      )
    }
    return blocks.length === 0 ? nothing : joined(blocks)
  }

  #blockOf(name: string, definitions: readonly Definition[]): Block {
    const known = this.#blocks.get(name) ?? joined(definitions.map((definition) => this.#judge(definition)))
    this.#blocks.set(name, known)
    return known
  }

  #judge({ statement, text }: Definition): Block {
    if (statement.sql_body !== undefined)
      return { effects: statementsIn(statement.sql_body).flatMap((each) => detect(each)) }
    const language = option(statement.options ?? [], 'language')
    if (language === 'sql') return ofAnalysis(this.#analyze(bodyOf(statement)))
    if (language !== 'plpgsql') return { effects: [], undecided: 'a function in another language than SQL and plpgsql' }
    try {
      return analyzeBody(parseFunction(text()), this.#analyze)
    } catch (error) {
      if (!(error instanceof ParseRefused || error instanceof ParseTooComplex)) throw error
      return { effects: [], undecided: 'a function that was not understood' }
    }
  }
}

function bodyOf({ options = [] }: CreateFunctionStmt): string {
  return option(options, 'as') ?? ''
}

function ofAnalysis(analysis: Analysis): Block {
  const { undecided } = analysis
  return { effects: effectsIn(analysis), ...(undecided !== undefined && { undecided }) }
}

function joined(blocks: readonly Block[]): Block {
  const undecided = blocks.find((block) => block.undecided !== undefined)?.undecided
  const effects = blocks
    .flatMap((block) => block.effects)
    .filter(({ when }) => when === 'always' || when === 'transaction')
  return { effects: effects.map((effect) => uncertain(effect)), ...(undecided !== undefined && { undecided }) }
}

/** The statements of `BEGIN ATOMIC … END`, and of `RETURN …`, which is a SELECT to PostgreSQL. */
function statementsIn(body: Node): Node[] {
  if ('List' in body) return (body.List.items ?? []).flatMap(statementsIn)
  if (!('ReturnStmt' in body)) return [body]
  const { returnval: val } = body.ReturnStmt
  return val === undefined ? [] : [{ SelectStmt: { targetList: [{ ResTarget: { val } }] } }]
}

/** What may be the name of a function. */
export function wordsIn(text: string): string[] {
  return text.match(/[\w$\u0080-\uffff]+/g) ?? []
}
