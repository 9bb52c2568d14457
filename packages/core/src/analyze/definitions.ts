import type { CreateFunctionStmt, Node } from '@pgsql/types'
import { uncertain } from '../rules/effect.ts'
import { ParseRefused, ParseTooComplex, parseFunction } from '../sql/parser.ts'
import { effectsIn, type Analysis, type DetectedEffect } from './analysis.ts'
import { detect, detectStored } from './detect.ts'
import { analyzeBody, option, type Block } from './do-block.ts'
import { namesDefinedBy, wordsIn, wordsOf } from './mentions.ts'

const nothing: Block = { effects: [] }

/** The most words of definitions that are followed for one text. */
const mostWords = 1_000_000

/** The most effects of definitions that count for one text. */
const mostEffects = 10_000

const tooMuch: Block = { effects: [], undecided: 'a text that defines and runs too much' }

/**
 * The definitions of one text that its later statements may run: functions, procedures, checks, defaults, views, rules,
 * triggers and policies. A definition counts as run if a later statement names it, or names something that is defined
 * with it. State that a definition takes back still counts as left.
 */
export class Definitions {
  readonly #byName = new Map<string, Definition[]>()
  readonly #analyze: (sql: string) => Analysis
  /** Definitions that no statement has needed so far. */
  #unjudged: Definition[] = []
  /** Some definition has an effect, or could not be judged. Usually none has. */
  #mayMatter = false
  #effects = 0
  #words = 0

  /** @param analyze judges the statements of a function's body */
  constructor(analyze: (sql: string) => Analysis) {
    this.#analyze = analyze
  }

  get isEmpty(): boolean {
    return this.#byName.size === 0
  }

  /** @param text returns the statement as it was written */
  add(statement: Node, text: () => string): void {
    const names = namesDefinedBy(statement)
    if (names.length === 0) return
    const definition = new Definition(statement, text, this.#analyze)
    this.#unjudged.push(definition)
    for (const name of names) {
      const known = this.#byName.get(name)
      if (known === undefined) this.#byName.set(name, [definition])
      else known.push(definition)
    }
  }

  /** @returns the effects of the definitions with these names, and of those that they name in turn */
  runBy(names: Iterable<string>): Block {
    for (const { block } of this.#unjudged)
      this.#mayMatter ||= block.effects.length > 0 || block.undecided !== undefined
    this.#unjudged = []
    if (!this.#mayMatter) return nothing
    const blocks = [...this.#reached(names)].map(({ block }) => block)
    const effects = blocks.flatMap((block) => block.effects)
    this.#effects += effects.length
    if (this.#effects > mostEffects || this.#words > mostWords) return tooMuch
    return blockOf(effects, blocks.find(({ undecided }) => undecided !== undefined)?.undecided)
  }

  #reached(names: Iterable<string>): Set<Definition> {
    const reached = new Set<Definition>()
    const seen = new Set<string>()
    const pending = [...names]
    for (let name = pending.pop(); name !== undefined && this.#words <= mostWords; name = pending.pop()) {
      if (seen.has(name)) continue
      seen.add(name)
      for (const definition of this.#byName.get(name) ?? []) {
        if (reached.has(definition)) continue
        reached.add(definition)
        this.#words += 1 + definition.words.length
        for (const word of definition.words) pending.push(word)
      }
    }
    return reached
  }
}

/** One statement that defines something. */
class Definition {
  readonly #statement: Node
  readonly #text: () => string
  readonly #analyze: (sql: string) => Analysis
  #block: Block | undefined
  #words: readonly string[] | undefined

  constructor(statement: Node, text: () => string, analyze: (sql: string) => Analysis) {
    this.#statement = statement
    this.#text = text
    this.#analyze = analyze
  }

  /** The effects of running it. */
  get block(): Block {
    return (this.#block ??= this.#judge())
  }

  /** The names that it may mention. */
  get words(): readonly string[] {
    return (this.#words ??= this.#findWords())
  }

  #judge(): Block {
    const statement = this.#statement
    // PreparedStatements counts its effects.
    if ('PrepareStmt' in statement) return nothing
    if (!('CreateFunctionStmt' in statement)) return blockOf(detectStored(statement))
    const { parameters = [] } = statement.CreateFunctionStmt
    // PostgreSQL restores a setting of the function after each call.
    const defaults = detectStored({ CreateFunctionStmt: { parameters } })
    const { effects, undecided } = this.#judgeFunction(statement.CreateFunctionStmt)
    return blockOf([...defaults, ...effects], undecided)
  }

  #judgeFunction(statement: CreateFunctionStmt): Block {
    if (statement.sql_body !== undefined)
      return { effects: statementsIn(statement.sql_body).flatMap((each) => detect(each)) }
    const language = option(statement.options ?? [], 'language')
    if (language === 'sql') return ofAnalysis(this.#analyze(bodyOf(statement)))
    if (language !== 'plpgsql') return { effects: [], undecided: 'a function in another language than SQL and plpgsql' }
    try {
      return analyzeBody(parseFunction(this.#text()), this.#analyze)
    } catch (error) {
      if (!(error instanceof ParseRefused || error instanceof ParseTooComplex)) throw error
      return { effects: [], undecided: 'a function that was not understood' }
    }
  }

  #findWords(): string[] {
    const statement = this.#statement
    const words = wordsOf(statement)
    return 'CreateFunctionStmt' in statement ? [...words, ...wordsIn(bodyOf(statement.CreateFunctionStmt))] : words
  }
}

/** Returns the body of a function as it was written. */
export function bodyOf({ options = [] }: CreateFunctionStmt): string {
  return option(options, 'as') ?? ''
}

function ofAnalysis(analysis: Analysis): Block {
  const { undecided } = analysis
  return { effects: effectsIn(analysis), ...(undecided !== undefined && { undecided }) }
}

/** A definition may run any number of times, inside the transaction of its text. */
function blockOf(effects: readonly DetectedEffect[], undecided?: string): Block {
  const own = effects.filter(({ when }) => when === 'always' || when === 'transaction')
  return { effects: own.map((effect) => uncertain(effect)), ...(undecided !== undefined && { undecided }) }
}

/** The statements of `BEGIN ATOMIC … END` or of `RETURN …`, which PostgreSQL runs as a SELECT. */
export function statementsIn(body: Node): Node[] {
  if ('List' in body) return (body.List.items ?? []).flatMap(statementsIn)
  if (!('ReturnStmt' in body)) return [body]
  const { returnval: val } = body.ReturnStmt
  return val === undefined ? [] : [{ SelectStmt: { targetList: [{ ResTarget: { val } }] } }]
}
