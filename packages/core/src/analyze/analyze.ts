import type { Node, TransactionStmt, TransactionStmtKind } from 'libpg-query'
import { rules } from '../rules/index.ts'
import { harmless, type Analysis, type Control, type Step } from './analysis.ts'
import { TextCache } from './cache.ts'
import { detect } from './detect.ts'
import { analyzeBlock } from './do-block.ts'
import { ParseRefused, ParseTooComplex, parse } from './parser.ts'
import { createScan } from './scan.ts'
import { telltalesOf } from './telltales.ts'
import { plainTransactionControl } from './transaction-control.ts'

const scan = createScan(
  rules.flatMap(({ functions = {}, extensionFunctions = {}, names = [] }) => [
    ...Object.keys(functions),
    // Of a qualified name the schema suffices: what stands between it and the function may be blanks, quotes and comments.
    ...Object.keys(extensionFunctions).map((name) => name.replace(/\..*/, '')),
    ...names,
  ]),
  rules.flatMap((rule) => rule.keywords ?? []),
)

/** Whether the scan alone can tell that a text does nothing to session state. It never says so of one that does. */
export function scanSaysHarmless(sql: string): boolean {
  return scan(sql)
}

/** Turns text into what it does to session state. Knows SQL and nothing else. */
export function analyze(sql: string): Analysis {
  if (scan(sql)) return harmless
  const control = plainTransactionControl(sql)
  if (control !== undefined) return analyzeStatements([control])
  try {
    return analyzeStatements(parse(sql))
  } catch (error) {
    // PostgreSQL itself will refuse the text, with its own message and SQLSTATE.
    if (error instanceof ParseRefused) return harmless
    if (error instanceof ParseTooComplex) return { ...harmless, undecided: error.message }
    // A rule that looks into an argument may use up JavaScript's stack where the parser's sufficed.
    if (error instanceof RangeError) return { ...harmless, undecided: 'nested too deeply' }
    throw error
  }
}

/** `analyze` with a memory, bounded in bytes. */
export function createAnalyzer(cacheBytes: number): (sql: string) => Analysis {
  const cache = new TextCache<Analysis>(cacheBytes, bytesOf)
  return (sql) => {
    const known = cache.get(sql)
    if (known !== undefined) return known
    const analysis = analyze(sql)
    cache.set(sql, analysis)
    return analysis
  }
}

/** What an analysis holds beside its text; measured with texts of one SET each. */
function bytesOf({ steps, telltales = [] }: Analysis): number {
  return steps.reduce((bytes, { effects }) => bytes + 200 + 400 * effects.length, 400 * telltales.length)
}

function analyzeStatements(statements: readonly Node[]): Analysis {
  const all = statements.map(toStep)
  const steps = all.filter(({ effects, control }) => effects.length > 0 || control !== undefined)
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

function toStep(statement: Node): Step & { readonly undecided?: string } {
  if ('DoStmt' in statement) return analyzeBlock(statement.DoStmt, analyze)
  const control = 'TransactionStmt' in statement ? toControl(statement.TransactionStmt) : undefined
  return { effects: detect(statement), ...(control !== undefined && { control }) }
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
