import type { Node, TransactionStmt, TransactionStmtKind } from '@pgsql/types'
import { rules } from '../rules/index.ts'
import { harmless, type Analysis, type Control, type DetectedEffect, type Step } from './analysis.ts'
import { TextCache } from '../sql/text-cache.ts'
import { createsObject } from './created-objects.ts'
import { Defined } from './defined.ts'
import { Calls, detect } from './detect.ts'
import type { Block } from './do-block.ts'
import { referencesIn, type Reach } from './references.ts'
import { Front } from '../sql/recent-texts.ts'
import { normalise, withoutOuterComments } from '../sql/normalise.ts'
import { ParseRefused, ParseTooComplex, parse } from '../sql/parser.ts'
import { createScan, createWiderScan, type Scan } from './scan.ts'
import { telltalesOf } from './telltales.ts'
import { plainTransactionControl } from '../sql/transaction-control.ts'
import { createWordSearch } from './words.ts'

const names = rules.flatMap((rule) => [
  ...Object.keys(rule.functions ?? {}),
  // For a qualified name, the schema is enough: blanks, quotes and comments may stand between it and the function.
  ...Object.keys(rule.extensionFunctions ?? {}).map((name) => name.replace(/\..*/, '')),
  ...(rule.names ?? []),
])
const keywords = rules.flatMap((rule) => rule.keywords ?? [])
const firstWords = rules.flatMap((rule) => rule.firstWords ?? [])
const commonKeywords = rules.flatMap((rule) => rule.commonKeywords ?? [])
const scannedKeywords = [...keywords, ...commonKeywords]
const scan = createScan(names, scannedKeywords)
const namesSession = createWordSearch({ names, keywords, firstWords })

/**
 * Creates a scan that knows more names than the rules do.
 *
 * @param searchFor returns the search for these names and for the others, in one pass over the text
 */
export function createScanWith(searchFor: (names: readonly string[]) => (sql: string) => boolean): Scan {
  return createWiderScan(searchFor(names), scannedKeywords)
}

/** Returns true if the scan alone shows that a text does not touch session state. It never errs in that direction. */
export function scanSaysHarmless(sql: string): boolean {
  return scan(sql)
}

/**
 * Analyzes what a text does to session state. Knows SQL and nothing else.
 *
 * @param reach what statements run in the database, if that is known
 */
export function analyze(sql: string, reach?: Reach): Analysis {
  return scanWith(reach)(sql) ? harmless : parseAndAnalyze(normalise(sql), 0, reach)
}

/**
 * The same without the scan, the normal form and the cache, which must not change the result.
 *
 * @param blockDepth the number of DO blocks around the text
 * @param reach what the statements run in the database, if that is known
 */
export function parseAndAnalyze(sql: string, blockDepth: number = 0, reach?: Reach): Analysis {
  const control = plainTransactionControl(withoutOuterComments(sql))
  if (control !== undefined) return analyzeStatements([control], blockDepth, sql, reach)
  try {
    return analyzeStatements(parse(sql), blockDepth, sql, reach)
  } catch (error) {
    if (error instanceof ParseRefused) return ofRefused(sql, reach)
    if (error instanceof ParseTooComplex) return { ...harmless, undecided: error.message }
    // A rule that looks into an argument may exhaust JavaScript's stack where the parser did not.
    if (error instanceof RangeError) return { ...harmless, undecided: 'nested too deeply' }
    throw error
  }
}

/**
 * The server usually refuses the text as well, and its own message and SQLSTATE must reach the user. A newer server or
 * a pooler's console may accept it.
 */
function ofRefused(sql: string, reach: Reach | undefined): Analysis {
  return namesSession(sql) || reach?.mentions(sql) === true
    ? { ...harmless, undecided: 'PostgreSQL 18 does not know this syntax' }
    : harmless
}

/** Counts of cache look-ups. */
export interface LookupCounts {
  /** Texts that were found as they are. */
  hits: number
  /** Texts that were not found, and were scanned. */
  misses: number
  /** The misses that were parsed: the scan could not decide, and their normal form was not found either. */
  parsed: number
}

export function noLookups(): LookupCounts {
  return { hits: 0, misses: 0, parsed: 0 }
}

/**
 * `analyze` with two caches, bounded in bytes. The first holds recent texts as they are. The second holds the normal
 * form of texts that the scan cannot decide, so a comment that changes or a longer list does not run the parser again.
 * Texts that the scan decides are only in the first: another scan costs no more than a look-up in a map.
 */
export function createAnalyzer(
  cacheBytes: number,
  counts: LookupCounts = noLookups(),
  reach?: Reach,
): (sql: string) => Analysis {
  const isHarmless = scanWith(reach)
  const front = new Front<Analysis>(cacheBytes / 2, bytesOf)
  const doubtful = new TextCache<Analysis>(cacheBytes / 2, bytesOf)
  return (sql) => {
    const known = front.get(sql)
    if (known !== undefined) {
      counts.hits++
      return known
    }
    counts.misses++
    const analysis = isHarmless(sql) ? harmless : recall(doubtful, normalise(sql), counts, reach)
    front.set(sql, analysis)
    return analysis
  }
}

/** Returns the scan that knows the names of a database. */
function scanWith(reach: Reach | undefined): Scan {
  if (reach === undefined) return scan
  return reach.scan ?? ((sql) => scan(sql) && !reach.mentions(sql))
}

function recall(cache: TextCache<Analysis>, normal: string, counts: LookupCounts, reach: Reach | undefined): Analysis {
  const known = cache.get(normal)
  if (known !== undefined) return known
  counts.parsed++
  const analysis = parseAndAnalyze(normal, 0, reach)
  cache.set(normal, analysis)
  return analysis
}

/** The size of an analysis without its text. Measured with texts of one SET each. */
function bytesOf({ steps, telltales = [] }: Analysis): number {
  return steps.reduce((bytes, { effects }) => bytes + 200 + 400 * effects.length, 400 * telltales.length)
}

interface JudgedStep extends Step {
  /** Why the statement could not be judged, or only in part. */
  readonly undecided?: string
}

function analyzeStatements(
  statements: readonly Node[],
  blockDepth: number,
  sql: string,
  reach: Reach | undefined,
): Analysis {
  const isHarmless = scanWith(reach)
  const defined = new Defined(
    sql,
    blockDepth,
    (text, depth) => (isHarmless(text) ? harmless : parseAndAnalyze(normalise(text), depth, reach)),
    (query) => [...detect(query), ...reachedBy(query, reach).effects],
  )
  const own = statements.map((statement, index) => toStep(statement, index, isLastOf(statements, index), defined))
  const later = defined.prepared.leftByLaterTexts()
  const all = own.map((step, index) => {
    const statement = statements[index] as Node
    return withReached(withEffects(step, later.get(statement)), statement, reach)
  })
  const steps = stepsWithEffect(all)
  const undecided = all.find((step) => step.undecided !== undefined)?.undecided
  if (steps.length === 0 && undecided === undefined) return harmless
  const telltales = telltalesOf(statements)
  return {
    steps,
    isBatch: statements.length > 1,
    ...(undecided !== undefined && { undecided }),
    ...(telltales.length > 0 && { telltales }),
  }
}

/** Leaves out statements without an effect. Only whether they may fail matters. One step stands for all that create. */
function stepsWithEffect(all: readonly Step[]): Step[] {
  const steps: Step[] = []
  let isInDoubt = false
  let hasCreated = false
  for (const step of all) {
    const { effects, control, mayFail, creates } = step
    const hasEffect = effects.length > 0 || control !== undefined || (creates === true && !hasCreated)
    if (creates) hasCreated = true
    if (effects.some((effect) => effect.mayMakeTemporary)) hasCreated = false
    if (hasEffect) steps.push(isInDoubt ? { ...step, followsDoubt: true } : step)
    isInDoubt = !hasEffect && (isInDoubt || mayFail !== undefined)
  }
  return steps
}

function toStep(statement: Node, index: number, isLast: boolean, defined: Defined): JudgedStep {
  const creates = createsObject(statement) && ({ creates: true } as const)
  if ('DoStmt' in statement) return { at: index, ...defined.block(statement.DoStmt), ...creates, mayFail: 'within' }
  const control = controlOf(statement)
  const calls = new Calls()
  const effects = detect(statement, calls)
  const run = defined.runBy(statement, calls)
  const mayFail = defined.prepared.failureOf(statement)
  defined.add(statement, index)
  return {
    at: index,
    effects: [...effects, ...run.effects],
    ...(control !== undefined && { control }),
    ...(isLast && { isLast }),
    ...creates,
    ...(mayFail !== undefined && { mayFail }),
    ...(run.undecided !== undefined && { undecided: run.undecided }),
  }
}

function withEffects(step: JudgedStep, effects: readonly DetectedEffect[] = []): JudgedStep {
  return effects.length === 0 ? step : { ...step, effects: [...step.effects, ...effects] }
}

/** Adds what a statement runs in the database. */
function withReached(step: JudgedStep, statement: Node, reach: Reach | undefined): JudgedStep {
  const { effects, undecided = step.undecided } = reachedBy(statement, reach)
  if (effects.length === 0 && undecided === step.undecided) return step
  return { ...step, effects: [...step.effects, ...effects], ...(undecided !== undefined && { undecided }) }
}

const unreached: Block = { effects: [] }

function reachedBy(statement: Node, reach: Reach | undefined): Block {
  return reach === undefined ? unreached : reach.effectsOf(referencesIn(statement))
}

function isLastOf(statements: readonly Node[], index: number): boolean {
  return statements.length > 1 && isEnd(statements[index + 1])
}

function isEnd(next: Node | undefined): boolean {
  const does = next === undefined ? 'commit' : controlOf(next)?.does
  return does === 'commit' || does === 'rollback'
}

function controlOf(statement: Node): Control | undefined {
  return 'TransactionStmt' in statement ? toControl(statement.TransactionStmt) : undefined
}

const controls: Readonly<Partial<Record<TransactionStmtKind, Control['does']>>> = {
  TRANS_STMT_BEGIN: 'begin',
  TRANS_STMT_START: 'begin',
  TRANS_STMT_COMMIT: 'commit',
  // After this the transaction belongs to no session.
  TRANS_STMT_PREPARE: 'commit',
  TRANS_STMT_ROLLBACK: 'rollback',
  TRANS_STMT_SAVEPOINT: 'savepoint',
  TRANS_STMT_RELEASE: 'release',
  TRANS_STMT_ROLLBACK_TO: 'rollback-to',
}

function toControl({ kind, chain, savepoint_name: name }: TransactionStmt): Control | undefined {
  const does = kind === undefined ? undefined : controls[kind]
  if (does === undefined) return undefined
  const prepares = kind === 'TRANS_STMT_PREPARE'
  return {
    does,
    ...(chain && { chains: true }),
    ...(name !== undefined && { name }),
    ...(prepares && { prepares }),
  }
}
