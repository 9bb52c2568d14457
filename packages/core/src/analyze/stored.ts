import type { CreateFunctionStmt, Node } from '@pgsql/types'
import { parse, parseFunction, ParseRefused, ParseTooComplex } from '../sql/parser.ts'
import { uncertain } from '../rules/effect.ts'
import { effectsIn, harmless, type Analysis, type DetectedEffect } from './analysis.ts'
import { parseAndAnalyze, scanSaysHarmless } from './analyze.ts'
import { detect } from './detect.ts'
import { analyzeBody, option, type Block } from './do-block.ts'
import { bodyOf, statementsIn } from './definitions.ts'
import { foldText } from './folded.ts'
import { referencesIn, type Reach } from './references.ts'
import { restoresSaved } from './saved-settings.ts'

/** Code that the database keeps, as one step of a transaction. */
export interface StoredAnalysis {
  readonly analysis: Analysis
  /** The effects in the order of the code, those that it takes back included. */
  readonly effects: readonly DetectedEffect[]
  readonly undecided?: string
}

/**
 * Analyzes a routine.
 *
 * @param definition the text of `pg_get_functiondef()`
 */
export function analyzeRoutine(definition: string, reach: Reach): StoredAnalysis {
  return stored(blockOfRoutine(definition, reach))
}

/**
 * Analyzes statements that the database keeps: `SELECT (…)` around an expression, the query of a view, `CREATE RULE`.
 * The code may run for any number of rows, so what it takes back may still be there.
 */
export function analyzeStatements(sql: string, reach: Reach): StoredAnalysis {
  try {
    const blocks = parse(sql).map((statement) => ofStatement(statement, reach))
    return stored(joined(blocks))
  } catch (error) {
    return stored({ effects: [], undecided: whyRefused(error, 'code') })
  }
}

function blockOfRoutine(definition: string, reach: Reach): Block {
  try {
    const [statement] = parse(definition)
    if (statement === undefined || !('CreateFunctionStmt' in statement)) return { effects: [], undecided: 'no routine' }
    const { parameters = [] } = statement.CreateFunctionStmt
    const defaults = parameters.flatMap((each) =>
      'FunctionParameter' in each ? ofCondition(each.FunctionParameter.defexpr) : [],
    )
    return joined([
      ...defaults.map((each) => ofStatement(each, reach)),
      judgeRoutine(statement.CreateFunctionStmt, definition, reach),
    ])
  } catch (error) {
    return { effects: [], undecided: whyRefused(error, 'a routine') }
  }
}

function judgeRoutine(statement: CreateFunctionStmt, definition: string, reach: Reach): Block {
  const analyze = (sql: string): Analysis =>
    scanSaysHarmless(sql) && !reach.mentions(sql) ? harmless : parseAndAnalyze(sql, 0, reach)
  if (statement.sql_body !== undefined)
    return joined(statementsIn(statement.sql_body).map((each) => ofStatement(each, reach)))
  const language = option(statement.options ?? [], 'language')
  if (language === 'plpgsql') {
    const body = parseFunction(definition)
    const restored = restoresSaved(body, analyze)
    return named(analyzeBody(body, (sql) => analyze(restored(sql)), foldText))
  }
  if (language !== 'sql') return { effects: [], undecided: `a function in the language ${language ?? 'unknown'}` }
  const { undecided, ...analysis } = analyze(bodyOf(statement))
  return withinTransaction({ effects: effectsIn(analysis), ...(undecided !== undefined && { undecided }) })
}

/** The same analysis serves DO blocks, which it names. */
function named(block: Block): Block {
  const { undecided } = block
  return undecided === undefined ? block : { ...block, undecided: undecided.replace(' in a DO block', '') }
}

function ofStatement(statement: Node, reach: Reach): Block {
  const inner = storedIn(statement)
  if (inner !== undefined) return joined(inner.map((each) => ofStatement(each, reach)))
  return joined([withinTransaction({ effects: detect(statement) }), reach.effectsOf(referencesIn(statement))])
}

/** What a rule or a trigger runs, as statements. */
function storedIn(statement: Node): Node[] | undefined {
  if ('CreateTrigStmt' in statement) return ofCondition(statement.CreateTrigStmt.whenClause)
  if (!('RuleStmt' in statement)) return undefined
  const { actions = [], whereClause } = statement.RuleStmt
  return [...ofCondition(whereClause), ...actions]
}

function ofCondition(val: Node | undefined): Node[] {
  return val === undefined ? [] : [{ SelectStmt: { targetList: [{ ResTarget: { val } }] } }]
}

/** Stored code always runs within a statement, so effects that only matter outside a transaction are left out. */
function withinTransaction({ effects, undecided }: Block): Block {
  return {
    effects: effects.filter(({ when }) => when === 'always' || when === 'transaction'),
    ...(undecided !== undefined && { undecided }),
  }
}

function joined(blocks: readonly Block[]): Block {
  const undecided = blocks.find((block) => block.undecided !== undefined)?.undecided
  return { effects: blocks.flatMap(({ effects }) => effects), ...(undecided !== undefined && { undecided }) }
}

function stored({ effects, undecided }: Block): StoredAnalysis {
  const steps = effects.length === 0 ? [] : [{ effects: effects.map(ofSuccess), at: 0 }]
  const why = undecided === undefined ? {} : { undecided }
  return { analysis: { steps, isBatch: false, ...why }, effects, ...why }
}

/** The code is judged for a call that succeeds: an unlock after a statement that may fail counts. */
function ofSuccess(effect: DetectedEffect): DetectedEffect {
  if (effect.followsFallible === undefined) return effect
  const { followsFallible: _, ...sure } = effect
  return sure
}

/** Marks the effects of code that may run any number of times. */
export function maybe(effects: readonly DetectedEffect[]): DetectedEffect[] {
  return effects.map((effect) => uncertain(effect))
}

function whyRefused(error: unknown, what: string): string {
  if (error instanceof ParseRefused) return `${what} that PostgreSQL 18’s grammar refuses`
  if (error instanceof ParseTooComplex || error instanceof RangeError) return `${what} that is too complex`
  throw error
}
