/** An expression as PL/pgSQL's parser gives it. */
interface Parsed {
  readonly query: string
  readonly parseMode: number
}

/** The modes in which PL/pgSQL calls the SQL parser (`RawParseMode` in PostgreSQL's parser.h). */
const parseMode = { statement: 0, expression: 2 }

/** Returns what PL/pgSQL makes of an expression: a statement, or a SELECT with the value as its last column. */
export function toStatement({ query, parseMode: mode }: Parsed): string {
  if (mode === parseMode.statement) return query
  return mode === parseMode.expression ? `SELECT ${query}` : `SELECT ${assigned(query)}`
}

/** Returns what PL/pgSQL executes: the target of an assignment is no part of it, unless it has a subscript. */
export function toExecuted({ query, parseMode: mode }: Parsed): string {
  const [, target = ''] = /^\s*([\w.]+)\s*:?=/.exec(query) ?? []
  const isAssigned = mode !== parseMode.statement && mode !== parseMode.expression && target !== ''
  return isAssigned ? `SELECT ${query.replace(/^\s*[\w.]+\s*:?=/, '')}` : toStatement({ query, parseMode: mode })
}

/** PL/pgSQL evaluates both sides of `x[i] := value`. */
function assigned(query: string): string {
  let depth = 0
  for (const { 0: token, index } of query.matchAll(/"[^"]*"|'[^']*'|[[\]]|:?=/g)) {
    if (token === '[') depth++
    else if (token === ']') depth--
    else if (depth === 0 && token.endsWith('=')) return `${query.slice(0, index)}, ${query.slice(index + token.length)}`
  }
  return query
}
