import type { Node, SelectStmt } from '@pgsql/types'
import { parse, ParseRefused } from '../../sql/parser.ts'

/** Nodes that make a SELECT write or lock: statements in a WITH, SELECT INTO, FOR UPDATE. */
const changes: ReadonlySet<string> = new Set([
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'intoClause',
  'lockingClause',
])

/**
 * Decides whether the plan of a text may be requested: only for a single SELECT that changes nothing.
 *
 * @returns the reason against it, in a word or two
 * @throws ParseTooComplex for a text that exceeds the parser's memory
 */
export function whyNotExplained(sql: string): string | undefined {
  // With standard_conforming_strings off, what looks like a literal may contain statements.
  if (sql.includes('\\')) return 'has a backslash'
  const statements = parsed(sql)
  if (statements === undefined) return 'not understood'
  const [only] = statements
  if (only === undefined || statements.length > 1 || !('SelectStmt' in only)) return 'no single SELECT'
  return isReading(only.SelectStmt) ? undefined : 'writes or locks'
}

function parsed(sql: string): readonly Node[] | undefined {
  try {
    return parse(sql)
  } catch (error) {
    if (error instanceof ParseRefused) return undefined
    throw error
  }
}

/** Uses its own stack, because the tree of a long expression is deeper than JavaScript's call stack. */
function isReading(statement: SelectStmt): boolean {
  const pending: object[] = [statement]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const [key, child] of Object.entries(next) as [string, unknown][]) {
      if (changes.has(key)) return false
      if (typeof child === 'object' && child !== null) pending.push(child)
    }
  }
  return true
}
