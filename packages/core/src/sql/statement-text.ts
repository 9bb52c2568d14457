import type { Node } from '@pgsql/types'
import { parseAndScan, scan, type ScannedToken } from './parser.ts'

/** A token of a statement. `from` and `to` are UTF-16 positions in the whole text. */
export interface TextToken {
  readonly from: number
  readonly to: number
  readonly text: string
  /** The keyword in lower case; `undefined` for a name in quotes, a literal or an operator. */
  readonly keyword: string | undefined
}

/** One statement of a text: its parse tree, and its tokens without comments. */
export class StatementText {
  /** The tree. It may be changed: it belongs to this object. */
  readonly node: Node
  readonly tokens: readonly TextToken[]
  readonly #indexByLocation: ReadonlyMap<number, number>

  constructor(node: Node, tokens: readonly TextToken[], indexByLocation: ReadonlyMap<number, number>) {
    this.node = node
    this.tokens = tokens
    this.#indexByLocation = indexByLocation
  }

  /** Returns the index of the token at a location of the tree; -1 if there is none. */
  indexAt(location: number | undefined): number {
    // The tree leaves out a location of 0.
    return this.#indexByLocation.get(location ?? 0) ?? -1
  }

  /** Returns the token at a location of the tree. */
  tokenAt(location: number | undefined): TextToken | undefined {
    return this.tokens[this.indexAt(location)]
  }

  keywordAt(index: number): string | undefined {
    return this.tokens[index]?.keyword
  }

  /**
   * Returns the index of the first token from `start` on that is one of the keywords and stands outside of parentheses;
   * -1 if there is none, or if a parenthesis closes before it.
   */
  find(start: number, keywords: ReadonlySet<string>): number {
    let depth = 0
    for (let at = start; at < this.tokens.length; at++) {
      const { text, keyword } = this.tokens[at] as TextToken
      if (text === '(' || text === '[') depth++
      else if (text === ')' || text === ']') depth--
      if (depth < 0) return -1
      if (depth === 0 && keyword !== undefined && keywords.has(keyword)) return at
    }
    return -1
  }

  /** Returns the index of the parenthesis that closes the one at `open`; -1 if that token is none. */
  closing(open: number): number {
    if (this.tokens[open]?.text !== '(') return -1
    let depth = 0
    for (let at = open; at < this.tokens.length; at++) {
      const { text } = this.tokens[at] as TextToken
      if (text === '(') depth++
      else if (text === ')' && --depth === 0) return at
    }
    return -1
  }
}

/**
 * Splits a text into its statements. Comments become blanks of the same length in UTF-16, so that positions hold for
 * the text as it came.
 *
 * @throws ParseRefused, ParseTooComplex
 */
export function statementsOf(sql: string): StatementText[] {
  const { statements, tokens } = parseAndScan(sql)
  const indexes = utf16Indexes(tokens)
  return statements.map(({ node, from, to }) => {
    const own = tokens.flatMap((token, at) =>
      token.start >= from && token.end <= to && token.text !== ';' ? [{ token, at }] : [],
    )
    const byLocation = new Map(own.map(({ token }, index) => [token.start, index]))
    const placed = own.map(({ token, at }) => toToken(token, indexes[at] as Span))
    return new StatementText(node, placed, byLocation)
  })
}

/**
 * The tokens of any text, without comments: an expression, the body of a routine.
 *
 * @throws ParseRefused, ParseTooComplex
 */
export function tokensOf(sql: string): TextToken[] {
  const tokens = scan(sql)
  const indexes = utf16Indexes(tokens)
  return tokens.map((token, at) => toToken(token, indexes[at] as Span))
}

type Span = readonly [from: number, to: number]

function toToken({ text, keywordName }: ScannedToken, [from, to]: Span): TextToken {
  return { from, to, text, keyword: keywordName === 'NO_KEYWORD' ? undefined : text.toLowerCase() }
}

/** The parser counts bytes of UTF-8, JavaScript UTF-16 units. Between tokens there are blanks of one byte alone. */
function utf16Indexes(tokens: readonly ScannedToken[]): Span[] {
  let bytes = 0
  let units = 0
  return tokens.map(({ start, end, text }) => {
    const from = units + (start - bytes)
    units = from + text.length
    bytes = end
    return [from, units]
  })
}
