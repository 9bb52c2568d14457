import { tokensOf } from '../sql/statement-text.ts'

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
  if (mode === parseMode.expression) return `SELECT ${query}`
  // PL/pgSQL evaluates both sides of `x[i] := value`.
  const { target, value } = sidesOf(query)
  return target === undefined ? `SELECT ${value}` : `SELECT ${target}, ${value}`
}

/** Returns what PL/pgSQL executes: the target of an assignment is no part of it, unless it has a subscript. */
export function toExecuted(expression: Parsed): string {
  const { query, parseMode: mode } = expression
  if (mode === parseMode.statement || mode === parseMode.expression) return toStatement(expression)
  const { target, value } = sidesOf(query)
  return target?.includes('[') === true ? toStatement(expression) : `SELECT ${value}`
}

/** The sides of an assignment, by `:=` or `=`. */
function sidesOf(query: string): { readonly target?: string; readonly value: string } {
  let depth = 0
  for (const { text, from, to } of tokensOf(query)) {
    if (text === '[') depth++
    else if (text === ']') depth--
    else if (depth === 0 && (text === ':=' || text === '='))
      return { target: query.slice(0, from), value: query.slice(to) }
  }
  return { value: query }
}
