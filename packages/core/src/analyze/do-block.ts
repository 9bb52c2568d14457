import type { DoStmt, Node } from '@pgsql/types'
import { columnsOf } from './columns.ts'
import { type Analysis, type DetectedEffect, effectsIn } from './analysis.ts'
import { BlockWalk, type Expression } from './block-walk.ts'
import { toExecuted } from './expression-text.ts'
import type { Folded } from './folded.ts'
import { settleScopes } from './scoped.ts'
import { uncertain } from '../rules/effect.ts'
import { stringConstant } from '../sql/function-call.ts'
import { parseBlock, unlessRefused } from '../sql/parser.ts'

/** The effects of a DO block. */
export interface Block {
  readonly effects: readonly DetectedEffect[]
  /** Why a part of it could not be judged. */
  readonly undecided?: string
  /** It has a statement that creates an object, in the schema that the search path gives. */
  readonly creates?: true
}

/** The effects of one expression or statement of a block. */
interface Part extends Block {
  readonly mayFail: boolean
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

/** The options of {@link analyzeBody}. */
export interface BodyOptions {
  /** Returns the texts that a dynamic EXECUTE may build; `undefined` if none is known. */
  readonly fold?: (select: string, parameters: readonly string[]) => Folded[] | undefined
  /** Judges for a call that succeeds: branches, loops and handlers take back what they have left themselves. */
  readonly isStored?: boolean
}

/**
 * The same for a body that PL/pgSQL's parser has read.
 *
 * @param analyze analyzes the statements of the body
 */
export function analyzeBody(
  body: object,
  analyze: (sql: string) => Analysis,
  { fold = constantText, isStored = false }: BodyOptions = {},
): Block {
  const walk = new BlockWalk(body)
  const parts = withDoubts(walk.found, (expression) => analyzeExpression(expression, analyze, fold))
  const undecided = parts.find((part) => part.undecided !== undefined)?.undecided
  const found = parts.map((part) => part.effects)
  const settled = isStored ? settleScopes(walk, found) : found.map((own, at) => sureIn(walk, own, at))
  // The block is a transaction, so effects that only matter in autocommit are left out.
  const effects = settled.flat().filter(({ when }) => when === 'always' || when === 'transaction')
  const creates = parts.some((part) => part.creates)
  return { effects, ...(undecided !== undefined && { undecided }), ...(creates && { creates }) }
}

/** Returns the effects of an expression as uncertain, unless it surely runs once. */
function sureIn({ found, endsTransaction }: BlockWalk, own: readonly DetectedEffect[], at: number): DetectedEffect[] {
  const isSure = found[at]?.scope?.isBody === true && !endsTransaction
  return isSure ? [...own] : own.map((effect) => uncertain(effect))
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

function analyzeExpression(
  expression: Expression,
  analyze: (sql: string) => Analysis,
  fold: NonNullable<BodyOptions['fold']>,
): Part {
  const sql = toExecuted(expression)
  const part = toPart(analyze(sql))
  if (!expression.isDynamic) return part
  const undecided = 'a dynamic EXECUTE in a DO block'
  const texts = fold(sql, expression.parameters)
  if (texts === undefined || texts.length === 0) return { ...part, undecided }
  const runs = texts.map((text) => toPart(analyze(text.sql)))
  const isWhole = texts.every(
    (text, at) => text.isCut !== true && (text.isWhole || (runs[at]?.effects.length ?? 0) > 0),
  )
  const [run] = runs
  if (run !== undefined && runs.length === 1) return isWhole ? run : { ...run, undecided }
  const effects = runs.flatMap((each) => each.effects.map((effect) => uncertain(effect)))
  const creates = runs.some((each) => each.creates)
  return { effects, mayFail: true, ...(!isWhole && { undecided }), ...(creates && { creates }) }
}

function constantText(select: string): Folded[] | undefined {
  const sql = stringConstant(columnsOf(select)[0])
  return sql === undefined ? undefined : [{ sql, isWhole: true }]
}

function toPart(analysis: Analysis): Part {
  const { undecided } = analysis
  return {
    effects: effectsIn(analysis),
    mayFail: mayFail(analysis),
    ...(undecided !== undefined && { undecided }),
    ...(analysis.steps.some(({ creates }) => creates) && { creates: true }),
  }
}

/** A harmless statement may fail, because its content is unknown. */
function mayFail({ steps }: Analysis): boolean {
  const [first] = steps
  return first === undefined || steps.length > 1 || first.mayFail !== undefined || first.followsDoubt === true
}
