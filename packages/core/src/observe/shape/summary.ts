const firstWord = /[A-Za-z]+/

const part = String.raw`(?:"[^"]*"|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)`
const name = String.raw`(${part}(?:\.${part})*)`

/** The name after a keyword that is followed by a relation. `IS DISTINCT FROM a` compares with a column. */
const target = new RegExp(
  String.raw`(?:(?<!\bdistinct )\bfrom|\b(?:into|update|table|copy|call))\s+(?:only\s+)?${name}`,
  'gi',
)

/** Words between a command and its relation. */
const options = String.raw`(?:\([^()]*\)|\b(?:table|only|full|freeze|verbose|analyze|analyse|concurrently|if not exists|if exists)\b)`
const commands = [
  String.raw`(?:truncate|vacuum|analyze|analyse|lock|cluster)\b`,
  String.raw`(?:refresh|(?:create|alter|drop)(?: or replace)?(?: (?:global|local))?(?: (?:temp|temporary|unlogged|foreign))?) ?(?:\bmaterialized )?(?:table|view|sequence)\b`,
  String.raw`(?:alter|drop|reindex)(?: ?\([^()]*\))? (?:index|table)\b`,
  String.raw`create (?:unique )?index\b[^()]*? on\b`,
].join('|')
const noName = String.raw`(?!(?:table|only|full|freeze|verbose|analyze|analyse|concurrently|if|on)\b)`
const command = new RegExp(String.raw`^(?:${commands})(?: ?${options})* ?(?<![\w"])${noName}${name}`, 'i')

/**
 * Names of a WITH. A match starts at the start of a word; otherwise each letter of a long name would be tried.
 */
const commonTable = new RegExp(
  String.raw`(?<![\w$\u0080-\uffff])(${part})(?: ?\(\))? as (?:(?:not )?materialized )?\(`,
  'gi',
)

/** In these functions, FROM is followed by a value. */
const callWithFrom = /\b(?:extract|trim|substring|overlay) ?\((?:[^()]|\([^()]*\))*\)/gi

/**
 * Returns the first word and the first relation without quotes, such as `SELECT orders`: `db.query.summary` of the
 * semantic conventions.
 */
export function summaryOf(shown: string): string {
  const verb = wordOf(shown).toUpperCase()
  if (verb === '') return 'statement'
  const relation = command.exec(shown)?.[1] ?? relationIn(shown.replace(callWithFrom, '?'))
  return relation === undefined ? verb : `${verb} ${relation.replaceAll('"', '')}`
}

export function wordOf(shown: string): string {
  return firstWord.exec(shown)?.[0].toLowerCase() ?? ''
}

/** Returns the relation of the outermost level that names one. */
function relationIn(shown: string): string | undefined {
  const outside = [0, 1, 2].map((depth) => within(shown, depth))
  const own = new Set(outside.flatMap((text) => [...text.matchAll(commonTable)].map(([, common]) => common)))
  for (const text of [...outside, shown]) {
    for (const [, relation] of text.matchAll(target)) if (!own.has(relation)) return relation
  }
  return undefined
}

/** Returns the text that is nested in at most this many parentheses. */
function within(shown: string, most: number): string {
  let depth = 0
  return shown.replace(/"[^"]*"|[()]|[^"()]+/g, (piece) => {
    if (piece === ')') depth--
    const isIn = depth <= most
    if (piece === '(') depth++
    return isIn ? piece : ''
  })
}
