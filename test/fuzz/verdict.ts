import { scanSaysHarmless } from '@poolsafe/core/internal'
import { analyze } from '../../packages/core/src/analyze/analyze.ts'
import { detect } from '../../packages/core/src/analyze/detect.ts'
import { analyzeBlock } from '../../packages/core/src/analyze/do-block.ts'
import { ParseRefused, ParseTooComplex, parse } from '../../packages/core/src/sql/parser.ts'
import { asUnescapedStrings } from './unescaped.ts'

/** The verdict of PostgreSQL's parser and the rules about a text, without the scan. */
export interface Verdict {
  /** `refused`: a syntax error, which the server will report as well. `beyond`: too long or too deep for the parser. */
  readonly outcome: 'accepted' | 'refused' | 'beyond'
  /** The rules that found something, and what takes part in them (transaction control). */
  readonly effects: readonly string[]
}

const refused: Verdict = { outcome: 'refused', effects: [] }
const beyond: Verdict = { outcome: 'beyond', effects: [] }

/** Judges a text by its parse tree alone. */
export function judgeByTree(sql: string): Verdict {
  try {
    return { outcome: 'accepted', effects: parse(sql).flatMap(effectsOf) }
  } catch (error) {
    if (error instanceof ParseRefused) return refused
    if (error instanceof ParseTooComplex || error instanceof RangeError) return beyond
    throw error
  }
}

/** Returns true if `standard_conforming_strings` may change what the text says. */
export function dependsOnStrings(sql: string): boolean {
  return sql.includes('\\') && sql.includes("'")
}

/**
 * Returns the effects that the tree shows in a text that the scan calls harmless: `undefined` unless the scan is wrong.
 *
 * @param verdict the tree's, if it is known
 */
export function unsound(sql: string, verdict: Verdict = judgeByTree(sql)): string | undefined {
  if (!scanSaysHarmless(sql)) return undefined
  if (verdict.effects.length > 0) return verdict.effects.join(', ')
  if (!dependsOnStrings(sql)) return undefined
  const { effects } = judgeByTree(asUnescapedStrings(sql))
  return effects.length === 0 ? undefined : `${effects.join(', ')} with standard_conforming_strings = off`
}

function effectsOf(statement: ReturnType<typeof parse>[number]): string[] {
  const found = detect(statement).map(({ rule }): string => rule)
  if ('TransactionStmt' in statement) return [...found, 'transaction control']
  // A DO block holds statements that the scan never sees: it must go to the parser, whatever is in it.
  if ('DoStmt' in statement)
    return [...found, ...analyzeBlock(statement.DoStmt, analyze).effects.map(({ rule }) => rule), 'a DO block']
  return found
}
