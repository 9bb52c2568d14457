import type { CreateFunctionStmt, FunctionParameter, Node, TypeName } from '@pgsql/types'
import { names } from '../sql/function-call.ts'
import { parse, parseFunction, ParseRefused, ParseTooComplex, unlessRefused } from '../sql/parser.ts'
import { uncertain } from '../rules/effect.ts'
import { effectsIn, harmless, type Analysis, type DetectedEffect } from './analysis.ts'
import { parseAndAnalyze, scanSaysHarmless } from './analyze.ts'
import {
  assignmentsIn,
  typesDeclaredIn,
  valuesDeclaredIn,
  valuesOf,
  variableTypesIn,
  type Assignment,
} from './assignments.ts'
import { DeclaredText } from './declared.ts'
import { detect } from './detect.ts'
import { analyzeBody, option, type Block } from './do-block.ts'
import { bodyOf, statementsIn } from './definitions.ts'
import { foldText } from './folded.ts'
import { reachableBody } from './reachable-body.ts'
import { referencesIn, type Reach, type References } from './references.ts'
import { restoresSaved, savedIn } from './saved-settings.ts'
import { stabilise, stableNamesIn, withStableNames, type StableNames } from './stable-names.ts'
import type { TriggerFacts } from './trigger-facts.ts'

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
 * @param trigger the trigger that calls it
 */
export function analyzeRoutine(definition: string, reach: Reach, trigger?: TriggerFacts): StoredAnalysis {
  return stored(blockOfRoutine(definition, reach, trigger))
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

function blockOfRoutine(definition: string, reach: Reach, trigger: TriggerFacts | undefined): Block {
  try {
    const [statement] = parse(definition)
    if (statement === undefined || !('CreateFunctionStmt' in statement)) return { effects: [], undecided: 'no routine' }
    const { CreateFunctionStmt: routine } = statement
    return joined([
      ...inputsOf(routine).flatMap(({ defexpr }, at) => ofDefault(defexpr, at, reach)),
      reach.effectsOf(typesOf(routine)),
      judgeRoutine(routine, definition, reach, trigger),
    ])
  } catch (error) {
    return { effects: [], undecided: whyRefused(error, 'a routine') }
  }
}

/** The parameters that a call gives. */
function inputsOf({ parameters = [] }: CreateFunctionStmt): FunctionParameter[] {
  return parameters
    .flatMap((each) => ('FunctionParameter' in each ? [each.FunctionParameter] : []))
    .filter(({ mode }) => mode !== 'FUNC_PARAM_OUT' && mode !== 'FUNC_PARAM_TABLE')
}

function ofDefault(expression: Node | undefined, at: number, reach: Reach): Block[] {
  return ofCondition(expression).map((each) => {
    const block = ofStatement(each, reach)
    const effects = block.effects.map((effect) => Object.assign({}, effect, { ifOmitted: at + 1 }))
    return Object.assign({}, block, { effects })
  })
}

/** A value that becomes a parameter or a result is checked by its domain. */
function typesOf({ parameters = [], returnType }: CreateFunctionStmt): References {
  const types = parameters.map((each) => ('FunctionParameter' in each ? each.FunctionParameter.argType : undefined))
  return referencesToTypes([...types, returnType])
}

function referencesToTypes(types: readonly (TypeName | undefined)[]): References {
  return {
    ...noReferences,
    types: types.flatMap((type) => {
      const path = names(type?.names)
      const [schema, name = ''] = path.length > 1 ? path.slice(-2) : [undefined, path[0]]
      return type === undefined ? [] : [{ name, ...(schema !== undefined && { schema }), isOfConstant: true }]
    }),
  }
}

const noReferences: References = { calls: [], relations: [], operators: [], types: [] }

function judgeRoutine(
  statement: CreateFunctionStmt,
  definition: string,
  reach: Reach,
  trigger: TriggerFacts | undefined,
): Block {
  const isHarmless = (sql: string): boolean => scanSaysHarmless(sql) && !reach.mentions(sql)
  const inputs = inputsOf(statement).map(({ name }) => name ?? '')
  const name = names(statement.funcname).at(-1) ?? ''
  const language = option(statement.options ?? [], 'language')
  const text = new DeclaredText(language === 'plpgsql' ? bodyOf(statement) : '')
  const stableOf: StableOf = (assignments) => stableNamesIn(name, inputs, assignments, text.aliases())
  if (language === 'plpgsql') {
    const body = reachableBody(parseFunction(definition), trigger)
    return named(ofPlpgsql({ body, text }, stableOf, isHarmless, reach))
  }
  const stable = stableOf([])
  if (statement.sql_body !== undefined)
    return joined(statementsIn(statement.sql_body).map((each) => ofStatement(stabilise(each, stable), reach)))
  if (language !== 'sql') return { effects: [], undecided: `a function in the language ${language ?? 'unknown'}` }
  const body = bodyOf(statement)
  const { undecided, ...analysis } = isHarmless(body)
    ? harmless
    : parseAndAnalyze(withStableNames(body, stable), 0, reach)
  return withinTransaction({ effects: effectsIn(analysis), ...(undecided !== undefined && { undecided }) })
}

/** A routine in PL/pgSQL. */
interface Parsed {
  readonly body: object
  readonly text: DeclaredText
}

type StableOf = (assignments: readonly Assignment[]) => StableNames

function ofPlpgsql(
  { body, text }: Parsed,
  stableOf: StableOf,
  isHarmless: (sql: string) => boolean,
  reach: Reach,
): Block {
  const assignments = assignmentsIn(body)
  const stable = stableOf(assignments)
  const analyze = (sql: string): Analysis => (isHarmless(sql) ? harmless : parseAndAnalyze(sql, 0, reach))
  const saved = savedIn(assignments, analyze)
  const restored = restoresSaved(saved)
  const values = valuesOf(assignments)
  const types = variableTypesIn(body)
  const judged = analyzeBody(
    body,
    (sql) => (isHarmless(sql) ? harmless : parseAndAnalyze(withStableNames(restored(sql), stable), 0, reach)),
    { fold: (select, using) => foldText(select, using, { values, saved, types }), isStored: true },
  )
  const declared = valuesDeclaredIn(body, text).map((value) => ({
    effects: maybe(effectsIn(analyze(`SELECT ${value}`))),
  }))
  return joined([ofDeclarations(body, reach), ...declared, judged])
}

/** A variable of a domain is checked when it gets its value. */
function ofDeclarations(body: object, reach: Reach): Block {
  const types = typesDeclaredIn(body).flatMap((type) => {
    const [statement] = unlessRefused(() => parse(`SELECT NULL::${type}`)) ?? []
    const column = statement === undefined ? undefined : castIn(statement)
    return column === undefined ? [] : [column]
  })
  return types.length === 0 ? { effects: [] } : reach.effectsOf(referencesToTypes(types))
}

function castIn(statement: Node): TypeName | undefined {
  const [target] = 'SelectStmt' in statement ? (statement.SelectStmt.targetList ?? []) : []
  const value = target !== undefined && 'ResTarget' in target ? target.ResTarget.val : undefined
  return value !== undefined && 'TypeCast' in value ? value.TypeCast.typeName : undefined
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

/** Returns the statements that a rule or a trigger runs. */
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
