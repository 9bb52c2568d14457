import type { DoStmt, Node } from '@pgsql/types'
import { columnsOf } from './columns.ts'
import type { Folded } from './folded.ts'
import { type Analysis, type DetectedEffect, effectsIn } from './analysis.ts'
import { uncertain } from '../rules/effect.ts'
import { stringConstant } from '../sql/function-call.ts'
import { parseBlock, unlessRefused } from '../sql/parser.ts'

/** The effects of a DO block. */
export interface Block {
  readonly effects: readonly DetectedEffect[]
  /** Why a part of it could not be judged. */
  readonly undecided?: string
}

/** The effects of one expression or statement of a block. */
interface Part extends Block {
  readonly mayFail: boolean
}

/** EXECUTE and FOR … IN EXECUTE. PL/pgSQL evaluates their `query` to a statement; USING has plain expressions. */
const dynamicStatements: ReadonlySet<string> = new Set(['PLpgSQL_stmt_dynexecute', 'PLpgSQL_stmt_dynfors'])

/** The modes in which PL/pgSQL calls the SQL parser (`RawParseMode` in PostgreSQL's parser.h). */
const parseMode = { statement: 0, expression: 2 }

interface Expression {
  readonly query: string
  readonly parseMode: number
  /** Its value is the statement to run. */
  readonly isDynamic: boolean
  /** It runs once if the block succeeds, and nothing in the block rolls it back. */
  readonly isSure: boolean
  /** A statement between this expression and the one before may fail: RAISE, ASSERT, FETCH. */
  readonly followsFallible: boolean
}

/**
 * Judges the body of a DO block. Each statement and expression counts as executed, in the order of the text, and its
 * effects as not rolled back. Taking state back counts only at the top of the block: not in IF, CASE, a loop or a
 * handler, not after a statement that may leave the block, not in a block with handlers, COMMIT or ROLLBACK.
 *
 * @param analyze analyzes the statements of the block
 */
export function analyzeBlock({ args = [] }: DoStmt, analyze: (sql: string) => Analysis): Block {
  const language = option(args, 'language') ?? 'plpgsql'
  if (language !== 'plpgsql') return { effects: [], undecided: 'a DO block in another language than plpgsql' }
  const body = unlessRefused(() => parseBlock(option(args, 'as') ?? ''))
  return body === undefined
    ? { effects: [], undecided: 'a DO block that was not understood' }
    : analyzeBody(body, analyze)
}

/**
 * The same for a body that PL/pgSQL's parser has read.
 *
 * @param analyze analyzes the statements of the body
 * @param fold returns the text that a dynamic EXECUTE builds
 */
export function analyzeBody(
  body: object,
  analyze: (sql: string) => Analysis,
  fold: (select: string) => Folded | undefined = constantText,
): Block {
  const parts = withDoubts(expressionsIn(body), (expression) => analyzeExpression(expression, analyze, fold))
  const undecided = parts.find((part) => part.undecided !== undefined)?.undecided
  // The block is a transaction, so effects that only matter in autocommit are left out.
  const effects = parts
    .flatMap((part) => part.effects)
    .filter(({ when }) => when === 'always' || when === 'transaction')
  return { effects, ...(undecided !== undefined && { undecided }) }
}

/** Marks each effect that follows a part of the block that may fail. */
function withDoubts(expressions: readonly Expression[], analyzed: (expression: Expression) => Part): Block[] {
  let isInDoubt = false
  return expressions.map((expression) => {
    const part = analyzed(expression)
    isInDoubt ||= expression.followsFallible
    const [first, ...others] = part.effects
    if (first === undefined || !isInDoubt) {
      isInDoubt ||= part.mayFail
      return part
    }
    isInDoubt = part.mayFail
    return { ...part, effects: [{ ...first, followsFallible: true }, ...others] }
  })
}

/** Returns an option of DO or CREATE FUNCTION. CREATE FUNCTION has its body in a list. */
export function option(args: readonly Node[], name: string): string | undefined {
  const [value] = args.flatMap((arg) => ('DefElem' in arg && arg.DefElem.defname === name ? [arg.DefElem.arg] : []))
  const found = value !== undefined && 'List' in value ? value.List.items?.[0] : value
  return found !== undefined && 'String' in found ? (found.String.sval ?? '') : undefined
}

/** Returns everything that PL/pgSQL passes to SQL, in the order of the text. */
function expressionsIn(body: object): Expression[] {
  const walk = new BlockWalk()
  walk.visit(body, true)
  return walk.endsTransaction
    ? walk.found.map((expression) => Object.assign(expression, { isSure: false }))
    : walk.found
}

class BlockWalk {
  readonly found: Expression[] = []
  /** The block has COMMIT or ROLLBACK, so earlier effects may stay or not. */
  endsTransaction = false
  #mayHaveFailed = false

  /** @returns `true` if it may leave the surrounding block */
  visit(value: object, isSure: boolean, dynamicField?: string): boolean {
    let isReached = isSure && !('exceptions' in value)
    let leaves = false
    for (const [key, child] of Object.entries(value) as [string, unknown][]) {
      if (typeof child !== 'object' || child === null) continue
      if (isExpression(child)) {
        this.found.push({
          ...child.PLpgSQL_expr,
          isDynamic: key === 'dynquery' || key === dynamicField,
          isSure: isReached,
          followsFallible: this.#mayHaveFailed,
        })
        this.#mayHaveFailed = false
      } else if (this.#visitPart(key, child, isReached)) {
        leaves = true
        // The following statements of this list may not be reached.
        isReached = false
      }
    }
    return leaves
  }

  #visitPart(key: string, part: object, isReached: boolean): boolean {
    if (endings.has(key)) this.endsTransaction = true
    if (key.startsWith('PLpgSQL_stmt_') && !judgedStatements.has(key)) this.#mayHaveFailed = true
    const leaves = this.visit(part, isReached && !mayPassBy(key), dynamicStatements.has(key) ? 'query' : undefined)
    return leaves || leavesBlock(key, part)
  }
}

const endings: ReadonlySet<string> = new Set(['PLpgSQL_stmt_commit', 'PLpgSQL_stmt_rollback'])

/** Statements that run their parts exactly once. */
const plainStatements = new Set(
  ['assign', 'block', 'call', 'dynexecute', 'execsql', 'perform'].map((name) => `PLpgSQL_stmt_${name}`),
)

/** Statements that do nothing but run their SQL, which is judged. */
const judgedStatements = new Set(['block', 'execsql', 'perform'].map((name) => `PLpgSQL_stmt_${name}`))

function mayPassBy(key: string): boolean {
  return (key.startsWith('PLpgSQL_stmt_') && !plainStatements.has(key)) || key === 'datums'
}

/** RETURN, and EXIT or CONTINUE with a label. Without a label they leave only the surrounding loop. */
function leavesBlock(key: string, part: object): boolean {
  return key.startsWith('PLpgSQL_stmt_return') || (key === 'PLpgSQL_stmt_exit' && 'label' in part)
}

function isExpression(
  value: object,
): value is { readonly PLpgSQL_expr: Omit<Expression, 'isDynamic' | 'isSure' | 'followsFallible'> } {
  return 'PLpgSQL_expr' in value
}

function analyzeExpression(
  expression: Expression,
  analyze: (sql: string) => Analysis,
  fold: (select: string) => Folded | undefined,
): Part {
  const sql = toStatement(expression)
  const part = toPart(analyze(sql), expression)
  if (!expression.isDynamic) return part
  const folded = fold(sql)
  const undecided = 'a dynamic EXECUTE in a DO block'
  if (folded === undefined) return { ...part, undecided }
  const run = toPart(analyze(folded.sql), expression)
  return folded.isWhole || run.effects.length > 0 ? run : { ...run, undecided }
}

function constantText(select: string): Folded | undefined {
  const sql = stringConstant(columnsOf(select)[0])
  return sql === undefined ? undefined : { sql, isWhole: true }
}

function toPart(analysis: Analysis, { isSure }: Expression): Part {
  const { undecided } = analysis
  const effects = effectsIn(analysis)
  return {
    effects: isSure ? effects : effects.map((effect) => uncertain(effect)),
    mayFail: mayFail(analysis),
    ...(undecided !== undefined && { undecided }),
  }
}

/** A harmless statement may fail, because its content is unknown. */
function mayFail({ steps }: Analysis): boolean {
  const [first] = steps
  return first === undefined || steps.length > 1 || first.mayFail !== undefined || first.followsDoubt === true
}

/** Returns what PL/pgSQL makes of an expression: a statement, or a SELECT with the value as its last column. */
export function toStatement({ query, parseMode: mode }: Pick<Expression, 'query' | 'parseMode'>): string {
  if (mode === parseMode.statement) return query
  return mode === parseMode.expression ? `SELECT ${query}` : `SELECT ${assigned(query)}`
}

/** PL/pgSQL evaluates both sides of `x[i] := value`. */
function assigned(query: string): string {
  let depth = 0
  for (const { 0: token, index } of query.matchAll(/"[^"]*"|'[^']*'|[[\]]|:?=/g)) {
    if (token === '[') depth++
    else if (token === ']') depth--
    else if (depth === 0 && token.endsWith('=')) return `${query.slice(0, index)}, ${query.slice(index + token.length)}`
  }
  return query
}
