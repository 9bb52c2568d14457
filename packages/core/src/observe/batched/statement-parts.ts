import { nextToken } from '../../sql/tokens.ts'

/** The tokens of a shown statement without white space. Parameters and literals are `?`. */
export type Tokens = readonly string[]

export function tokensOf(statement: string): Tokens {
  const tokens: string[] = []
  for (let at = 0; at < statement.length;) {
    const { text, end } = nextToken(statement, at)
    if (text !== ' ') tokens.push(text)
    at = end
  }
  return tokens
}

/** Returns the index of the first of these words outside parentheses, starting at an index. */
export function indexOfWord(tokens: Tokens, words: readonly string[], from: number = 0): number | undefined {
  let depth = 0
  for (let index = from; index < tokens.length; index++) {
    const token = tokens[index] as string
    if (token === '(') depth++
    else if (token === ')') depth--
    else if (depth === 0 && words.includes(token.toLowerCase())) return index
  }
  return undefined
}

/** `column = ?` in a statement. */
export interface Equality {
  /** The name as written: `"public"."Post"."authorId"`. */
  readonly column: string
  /** The last part of the name, without quotes. */
  readonly name: string
  /** Index of its first token. */
  readonly start: number
  /** Index of the `?`. */
  readonly value: number
}

/** The equalities with a value between two indices. */
export function equalitiesIn(tokens: Tokens, from: number = 0, to: number = tokens.length): Equality[] {
  const found: Equality[] = []
  for (let at = from + 1; at + 1 < to; at++) {
    if (tokens[at] !== '=' || tokens[at + 1] !== '?') continue
    let start = at - 1
    if (!isName(tokens[start])) continue
    while (start - 2 >= from && tokens[start - 1] === '.' && isName(tokens[start - 2])) start -= 2
    found.push({
      column: tokens.slice(start, at).join(''),
      name: unquoted(tokens[at - 1] as string),
      start,
      value: at + 1,
    })
  }
  return found
}

/**
 * Returns the equality that most likely identifies a row: `id`, otherwise the last one whose name ends like an id,
 * otherwise the last one.
 */
export function keyOf(equalities: readonly Equality[]): Equality | undefined {
  const exact = equalities.find(({ name }) => name.toLowerCase() === 'id')
  return exact ?? equalities.findLast(({ name }) => /(?:_id|Id|ID)$/.test(name)) ?? equalities.at(-1)
}

/** Returns the names in the parentheses that start at an index. */
export function namesInParentheses(tokens: Tokens, open: number): string[] | undefined {
  const close = closeOf(tokens, open)
  if (tokens[open] !== '(' || close === undefined) return undefined
  const names = tokens.slice(open + 1, close).filter((token) => token !== ',')
  return names.every(isName) ? names : undefined
}

/** Returns the index of the matching closing parenthesis. */
export function closeOf(tokens: Tokens, open: number): number | undefined {
  let depth = 0
  for (let at = open; at < tokens.length; at++) {
    if (tokens[at] === '(') depth++
    else if (tokens[at] === ')' && --depth === 0) return at
  }
  return undefined
}

export function isName(token: string | undefined): boolean {
  return token !== undefined && /^(?:".*"|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)$/s.test(token)
}

export function unquoted(name: string): string {
  return name.replace(/^"(.*)"$/s, '$1')
}

/** Joins tokens to a statement and numbers its values from `$1`. */
export function written(tokens: Tokens): string {
  let number = 0
  let text = ''
  for (const [index, token] of tokens.entries()) {
    const shown = token === '?' ? `$${++number}` : token
    text +=
      isApart(tokens[index - 1], token) || (token === '(' && tokens[index - 2]?.toLowerCase() === 'into')
        ? ` ${shown}`
        : shown
  }
  return text
}

const tight: ReadonlySet<string> = new Set(['.', ':', '[', ']'])
const operator = /^[=<>!~+*/|&%^@#-]$/
const beforeParenthesis: ReadonlySet<string> = new Set([
  'and',
  'or',
  'in',
  'values',
  'where',
  'on',
  'as',
  'from',
  'select',
  'using',
  'not',
  'by',
  'lateral',
])

function isApart(before: string | undefined, token: string): boolean {
  if (before === undefined || before === '(' || token === ')' || token === ',' || token === ';') return false
  if (tight.has(before) || tight.has(token)) return false
  if (operator.test(before) && operator.test(token)) return false
  return token !== '(' || !isName(before) || beforeParenthesis.has(before.toLowerCase())
}
