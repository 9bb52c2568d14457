import type { Node, TransactionStmt } from 'libpg-query'
import { rules } from '../rules/index.ts'
import { harmless, type Analysis, type DetectedEffect } from './analysis.ts'
import { TextCache } from './cache.ts'
import { detect } from './detect.ts'
import { ParseRefused, ParseTooComplex, parse } from './parser.ts'
import { createScan } from './scan.ts'
import { plainTransactionControl } from './transaction-control.ts'

const scan = createScan(
  rules.flatMap((rule) => [...Object.keys(rule.functions ?? {}), ...(rule.names ?? [])]),
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
    if (error instanceof ParseTooComplex) return { effects: [], transaction: 'keeps', undecided: error.message }
    throw error
  }
}

/** `analyze` with a memory, bounded in bytes. */
export function createAnalyzer(cacheBytes: number): (sql: string) => Analysis {
  const cache = new TextCache<Analysis>(cacheBytes)
  return (sql) => {
    const known = cache.get(sql)
    if (known !== undefined) return known
    const analysis = analyze(sql)
    cache.set(sql, analysis)
    return analysis
  }
}

function analyzeStatements(statements: readonly Node[]): Analysis {
  const effects: DetectedEffect[] = []
  let transaction: Analysis['transaction'] = 'keeps'
  for (const statement of statements) {
    // Several statements in one text are one transaction, without any BEGIN: PostgreSQL commits them together.
    const inTransaction = statements.length > 1
    for (const effect of detect(statement)) {
      if (effect.when !== 'autocommit' || !inTransaction) effects.push(effect)
    }
    transaction = after(statement, transaction)
  }
  // A BEGIN whose text ends the transaction as well needs no pinned connection.
  const lasting = effects.filter((effect) => effect.when !== 'unpinned' || transaction === 'opens')
  if (lasting.length === 0 && transaction === 'keeps') return harmless
  return { effects: lasting, transaction }
}

function after(statement: Node, before: Analysis['transaction']): Analysis['transaction'] {
  return 'TransactionStmt' in statement ? (afterControl(statement.TransactionStmt) ?? before) : before
}

function afterControl({ kind, chain }: TransactionStmt): Analysis['transaction'] | undefined {
  switch (kind) {
    case 'TRANS_STMT_BEGIN':
    case 'TRANS_STMT_START':
      return 'opens'
    case 'TRANS_STMT_COMMIT':
    case 'TRANS_STMT_ROLLBACK':
      return chain ? 'opens' : 'closes'
    case 'TRANS_STMT_PREPARE':
      return 'closes'
    default:
      return undefined
  }
}
