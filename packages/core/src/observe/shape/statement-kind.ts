import { wordOf } from './summary.ts'

/** The kind of a statement, by its first word. The values are few enough for a metric label. */
export const statementKinds = [
  'select',
  'insert',
  'update',
  'delete',
  'merge',
  'with',
  'copy',
  'transaction',
  'other',
] as const

export type StatementKind = (typeof statementKinds)[number]

const transactionWords = new Set(['begin', 'start', 'commit', 'end', 'rollback', 'abort', 'savepoint', 'release'])
const kinds: ReadonlySet<string> = new Set(statementKinds)

/** @param shown a redacted statement */
export function kindOf(shown: string): StatementKind {
  const word = wordOf(shown)
  if (transactionWords.has(word)) return 'transaction'
  return kinds.has(word) && word !== 'transaction' && word !== 'other' ? (word as StatementKind) : 'other'
}
