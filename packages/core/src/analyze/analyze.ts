import type { Node, TransactionStmt, TransactionStmtKind } from '@pgsql/types'
import { rules } from '../rules/index.ts'
import { harmless, type Analysis, type Control, type Step } from './analysis.ts'
import { TextCache } from '../sql/text-cache.ts'
import { Defined } from './defined.ts'
import { Calls, detect } from './detect.ts'
import { Front } from '../sql/recent-texts.ts'
import { normalise, withoutOuterComments } from '../sql/normalise.ts'
import { ParseRefused, ParseTooComplex, parse } from '../sql/parser.ts'
import { createScan } from './scan.ts'
import { telltalesOf } from './telltales.ts'
import { plainTransactionControl } from '../sql/transaction-control.ts'
import { createWordSearch } from './words.ts'

const names = rules.flatMap((rule) => [
  ...Object.keys(rule.functions ?? {}),
  // Of a qualified name the schema suffices: what stands between it and the function may be blanks, quotes and
  // comments.
  ...Object.keys(rule.extensionFunctions ?? {}).map((name) => name.replace(/\..*/, '')),
  ...(rule.names ?? []),
])
const keywords = rules.flatMap((rule) => rule.keywords ?? [])
const firstWords = rules.flatMap((rule) => rule.firstWords ?? [])
const commonKeywords = rules.flatMap((rule) => rule.commonKeywords ?? [])
const scan = createScan(names, [...keywords, ...commonKeywords])
const namesSession = createWordSearch({ names, keywords, firstWords })

/** Whether the scan alone can tell that a text does nothing to session state. It never says so of one that does. */
export function scanSaysHarmless(sql: string): boolean {
  return scan(sql)
}

/** Turns text into what it does to session state. Knows SQL and nothing else. */
export function analyze(sql: string): Analysis {
  return scan(sql) ? harmless : parseAndAnalyze(normalise(sql))
}

/**
 * Without the scan, the normal form and the memory, which must not change what comes out.
 *
 * @param blockDepth in how many DO blocks the text stands
 */
export function parseAndAnalyze(sql: string, blockDepth: number = 0): Analysis {
  const control = plainTransactionControl(withoutOuterComments(sql))
  if (control !== undefined) return analyzeStatements([control], blockDepth, sql)
  try {
    return analyzeStatements(parse(sql), blockDepth, sql)
  } catch (error) {
    if (error instanceof ParseRefused) return ofRefused(sql)
    if (error instanceof ParseTooComplex) return { ...harmless, undecided: error.message }
    // A rule that looks into an argument may use up JavaScript's stack where the parser's sufficed.
    if (error instanceof RangeError) return { ...harmless, undecided: 'nested too deeply' }
    throw error
  }
}

/**
 * Nearly always the server refuses the text as well, and its own message and SQLSTATE must reach the user. A newer
 * server, or a pooler's console, may take it.
 */
function ofRefused(sql: string): Analysis {
  return namesSession(sql) ? { ...harmless, undecided: 'PostgreSQL 18 does not know this syntax' } : harmless
}

/** Look-ups in the memory of texts. */
export interface LookupCounts {
  /** Texts that were there as they came. */
  hits: number
  /** Those that were not: they were scanned. */
  misses: number
  /** Those of them that were parsed: the scan was in doubt, and their normal form was not there either. */
  parsed: number
}

export function noLookups(): LookupCounts {
  return { hits: 0, misses: 0, parsed: 0 }
}

/**
 * `analyze` with a memory, bounded in bytes: texts as they came in front, and of those that the scan leaves in doubt the
 * normal form, so that neither a comment that differs each time nor a list of any length has the parser run again. What
 * the scan decides is kept in front alone: to look at it anew costs no more than to find it in a map.
 */
export function createAnalyzer(cacheBytes: number, counts: LookupCounts = noLookups()): (sql: string) => Analysis {
  const front = new Front<Analysis>(cacheBytes / 2, bytesOf)
  const doubtful = new TextCache<Analysis>(cacheBytes / 2, bytesOf)
  return (sql) => {
    const known = front.get(sql)
    if (known !== undefined) {
      counts.hits++
      return known
    }
    counts.misses++
    const analysis = scan(sql) ? harmless : recall(doubtful, normalise(sql), counts)
    front.set(sql, analysis)
    return analysis
  }
}

function recall(cache: TextCache<Analysis>, normal: string, counts: LookupCounts): Analysis {
  const known = cache.get(normal)
  if (known !== undefined) return known
  counts.parsed++
  const analysis = parseAndAnalyze(normal)
  cache.set(normal, analysis)
  return analysis
}

/** What an analysis holds beside its text; measured with texts of one SET each. */
function bytesOf({ steps, telltales = [] }: Analysis): number {
  return steps.reduce((bytes, { effects }) => bytes + 200 + 400 * effects.length, 400 * telltales.length)
}

interface JudgedStep extends Step {
  /** Why the statement could not be judged, or not as a whole. */
  readonly undecided?: string
}

function analyzeStatements(statements: readonly Node[], blockDepth: number, sql: string): Analysis {
  const defined = new Defined(sql, blockDepth, (text, depth) =>
    scan(text) ? harmless : parseAndAnalyze(normalise(text), depth),
  )
  const all = statements.map((statement, index) => toStep(statement, index, isLastOf(statements, index), defined))
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

/** Leaves out what has no effect, of which nothing matters but that it may fail. */
function stepsWithEffect(all: readonly Step[]): Step[] {
  const steps: Step[] = []
  let isInDoubt = false
  for (const step of all) {
    const { effects, control, mayFail } = step
    const hasEffect = effects.length > 0 || control !== undefined
    if (hasEffect) steps.push(isInDoubt ? { ...step, followsDoubt: true } : step)
    isInDoubt = !hasEffect && (isInDoubt || mayFail !== undefined)
  }
  return steps
}

function toStep(statement: Node, index: number, isLast: boolean, defined: Defined): JudgedStep {
  if ('DoStmt' in statement) return { ...defined.block(statement.DoStmt), mayFail: 'within' }
  const control = controlOf(statement)
  const calls = new Calls()
  const effects = detect(statement, calls)
  const run = defined.runBy(statement, calls)
  const mayFail = defined.prepared.failureOf(statement)
  defined.add(statement, index)
  return {
    effects: [...effects, ...run.effects],
    ...(control !== undefined && { control }),
    ...(isLast && { isLast }),
    ...(mayFail !== undefined && { mayFail }),
    ...(run.undecided !== undefined && { undecided: run.undecided }),
  }
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
  // From here on the transaction belongs to no session.
  TRANS_STMT_PREPARE: 'commit',
  TRANS_STMT_ROLLBACK: 'rollback',
  TRANS_STMT_SAVEPOINT: 'savepoint',
  TRANS_STMT_RELEASE: 'release',
  TRANS_STMT_ROLLBACK_TO: 'rollback-to',
}

function toControl({ kind, chain, savepoint_name: name }: TransactionStmt): Control | undefined {
  const does = kind === undefined ? undefined : controls[kind]
  return does === undefined ? undefined : { does, ...(chain && { chains: true }), ...(name !== undefined && { name }) }
}
