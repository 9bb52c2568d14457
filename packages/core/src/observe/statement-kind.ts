/** What a statement does, as far as its first word tells: few enough to be a label of a metric. */
export const statementKinds = ['select', 'insert', 'update', 'delete', 'merge', 'with', 'copy', 'transaction', 'other'] as const

export type StatementKind = (typeof statementKinds)[number]

const transactionWords = new Set(['begin', 'start', 'commit', 'end', 'rollback', 'abort', 'savepoint', 'release'])
const kinds: ReadonlySet<string> = new Set(statementKinds)
const firstWord = /[A-Za-z]+/
/** The first relation that is named behind a word that expects one. */
const firstTarget =
  /\b(?:from|into|update|merge into|table|copy|call)\s+(?:only\s+)?((?:"[^"]*"|[\w$\u0080-\uffff]+)(?:\.(?:"[^"]*"|[\w$\u0080-\uffff]+))*)/i

/** @param shown a redacted statement */
export function kindOf(shown: string): StatementKind {
  const word = wordOf(shown)
  if (transactionWords.has(word)) return 'transaction'
  return kinds.has(word) && word !== 'transaction' && word !== 'other' ? (word as StatementKind) : 'other'
}

/** `SELECT orders`, as the semantic conventions' `db.query.summary`: the first word and the first relation, without quotes. */
export function summaryOf(shown: string): string {
  const verb = wordOf(shown).toUpperCase()
  const target = firstTarget.exec(shown)?.[1]?.replaceAll('"', '')
  if (verb === '') return 'statement'
  return target === undefined ? verb : `${verb} ${target}`
}

function wordOf(shown: string): string {
  return firstWord.exec(shown)?.[0].toLowerCase() ?? ''
}
