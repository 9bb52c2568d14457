import type { Node, ParseResult } from '@pgsql/types'
import { withoutComments } from './comments.ts'
import { startParser, type ParserModule } from './parser-module.ts'
import { withoutOptimiser } from './without-optimiser.ts'

/** PostgreSQL refused the text: the server will say so better than we can. */
export class ParseRefused extends Error {
  override readonly name: string = 'ParseRefused'
}

/** The text is beyond the parser: too long, or nested deeper than its stack. */
export class ParseTooComplex extends Error {
  override readonly name: string = 'ParseTooComplex'
}

/**
 * Longest text given to the parser, in UTF-16 units. Its tree takes up to 90 bytes of WASM memory and of JSON for each
 * character (measured with `a=1 or a=1 or …`), so this bounds one parse to some 50 MB and 150 ms.
 */
export const maxParseLength = 262_144

let running: ParserModule | undefined

/** Returns true if PostgreSQL's parser has been loaded by now. */
export function isParserLoaded(): boolean {
  return running !== undefined
}

/** Loads PostgreSQL's parser if it is not loaded yet. It takes about 35 ms and 30 MB of memory. */
export function loadParser(): void {
  running ??= start()
}

/**
 * Parses with PostgreSQL's own grammar.
 *
 * @throws ParseRefused for what PostgreSQL 18 calls a syntax error
 * @throws ParseTooComplex for a text that the parser cannot hold
 */
export function parse(sql: string): Node[] {
  const { stmts = [] } = run(bare(sql), parseToJson) as ParseResult
  return stmts.flatMap(({ stmt }) => (stmt === undefined ? [] : [stmt]))
}

/** Returns true for a text that PostgreSQL 18 can parse, and for one that is too long or too deep to tell. */
export function parses(sql: string): boolean {
  try {
    parse(sql)
    return true
  } catch (error) {
    if (error instanceof ParseRefused) return false
    if (error instanceof ParseTooComplex) return true
    throw error
  }
}

/**
 * Parses the body of a DO block with PL/pgSQL's own grammar. Its tree has no types: tags start with `PLpgSQL_`.
 *
 * @throws ParseRefused for what the grammar refuses
 * @throws ParseTooComplex for a text that the parser cannot hold
 */
export function parseBlock(body: string): object {
  const underscores = [...body.matchAll(/\$block(_*)(?=\$)/g)].map(([, found = '']) => found.length)
  const tag = `$block${'_'.repeat(underscores.reduce((most, length) => Math.max(most, length), -1) + 1)}$`
  return run(`DO ${tag}${bare(body)}${tag}`, blockToJson)
}

/**
 * Parses a CREATE FUNCTION or CREATE PROCEDURE of PL/pgSQL with its body.
 *
 * @throws ParseRefused for what the grammar refuses
 * @throws ParseTooComplex for a text that the parser cannot hold
 */
export function parseFunction(statement: string): object {
  return run(statement, blockToJson)
}

/** A statement of a text, with its place in the text in bytes of UTF-8, after {@link withoutComments}. */
export interface PlacedStatement {
  readonly node: Node
  readonly from: number
  readonly to: number
}

/** A token of PostgreSQL's scanner. Its place is in bytes of UTF-8. */
export interface ScannedToken {
  readonly start: number
  readonly end: number
  readonly text: string
  /** `NO_KEYWORD` for a name, a literal or an operator. */
  readonly keywordName: string
}

/**
 * Parses a text, and scans it, with PostgreSQL's own grammar.
 *
 * @throws ParseRefused for what PostgreSQL 18 calls a syntax error
 * @throws ParseTooComplex for a text that the parser cannot hold
 */
export function parseAndScan(sql: string): {
  readonly statements: readonly PlacedStatement[]
  readonly tokens: readonly ScannedToken[]
} {
  const text = bare(sql)
  return { statements: placedIn(text), tokens: tokensIn(text) }
}

/**
 * Scans a text with PostgreSQL's own scanner, which is that of PL/pgSQL as well. Comments are no tokens.
 *
 * @throws ParseRefused for what the scanner refuses
 * @throws ParseTooComplex for a text that the parser cannot hold
 */
export function scan(sql: string): readonly ScannedToken[] {
  return tokensIn(bare(sql))
}

function tokensIn(text: string): readonly ScannedToken[] {
  return (run(text, scanToJson) as { readonly tokens: readonly ScannedToken[] }).tokens
}

/** The parser gives no length for the last statement. */
function placedIn(text: string): PlacedStatement[] {
  const { stmts = [] } = run(text, parseToJson) as ParseResult
  return stmts.flatMap(({ stmt: node, stmt_location: from = 0, stmt_len: length = Infinity }) =>
    node === undefined ? [] : [{ node, from, to: from + length }],
  )
}

/** Returns the result of `work`; `undefined` if the parser refuses its text, or cannot hold it. */
export function unlessRefused<Result>(work: () => Result): Result | undefined {
  try {
    return work()
  } catch (error) {
    if (error instanceof ParseRefused || error instanceof ParseTooComplex) return undefined
    throw error
  }
}

/** The texts of the statements of a text, one for each node of {@link parse}. */
export function statementTexts(sql: string): string[] {
  const text = bare(sql)
  const bytes = Buffer.from(text)
  return placedIn(text).map(({ from, to }) => bytes.subarray(from, to).toString())
}

/**
 * PostgreSQL's scanner skips comments. libpg-query's passes them on as tokens, which has two faults. Where one word is
 * looked at to understand the word before it, a comment between them makes it refuse the text: `a NOT /* … *\/ IN (1)`,
 * `U&"a" /* … *\/ UESCAPE '!'`. And it takes quadratic time for them: 75 s for 64,000 empty ones.
 */
function bare(sql: string): string {
  checkLength(sql)
  const text = withoutComments(sql)
  if (text === undefined) throw new ParseRefused('unterminated /* comment')
  return text
}

function run(sql: string, toJson: (module: ParserModule, sql: string) => string): object {
  checkLength(sql)
  running ??= start()
  const module = running
  try {
    return JSON.parse(toJson(module, sql)) as object
  } catch (error) {
    if (error instanceof ParseRefused) throw error
    // A trap (stack or memory used up) leaves the instance's own stack where it was: start afresh.
    running = undefined
    throw new ParseTooComplex('nested too deeply', { cause: error })
  }
}

function checkLength(sql: string): void {
  if (sql.length > maxParseLength) throw new ParseTooComplex(`longer than ${maxParseLength} characters`)
}

/** Calls the large functions of both grammars once, so that V8 compiles them while its optimiser is off. */
function start(): ParserModule {
  return withoutOptimiser(() => {
    const module = startParser()
    parseToJson(module, 'SELECT 1')
    blockToJson(module, 'DO $$ BEGIN END $$')
    return module
  })
}

/** Layout of the result (PgQueryParseResult): pointers to the tree as JSON, to a stderr buffer, and to an error. */
function parseToJson(module: ParserModule, sql: string): string {
  const text = copyIn(module, sql)
  const result = module._wasm_parse_query_raw(text)
  module._free(text)
  try {
    const error = module.getValue(result + 8, 'i32')
    if (error !== 0) throw new ParseRefused(module.UTF8ToString(module.getValue(error, 'i32')))
    return module.UTF8ToString(module.getValue(result, 'i32'))
  } finally {
    module._wasm_free_parse_result(result)
  }
}

function blockToJson(module: ParserModule, sql: string): string {
  return answerOf(module, sql, (text) => module._wasm_parse_plpgsql(text))
}

function scanToJson(module: ParserModule, sql: string): string {
  return answerOf(module, sql, (text) => module._wasm_scan(text))
}

/** The answer is an object as JSON; anything else is the message of an error. */
function answerOf(module: ParserModule, sql: string, call: (text: number) => number): string {
  const text = copyIn(module, sql)
  const result = call(text)
  module._free(text)
  const answer = module.UTF8ToString(result)
  module._wasm_free_string(result)
  if (!answer.startsWith('{')) throw new ParseRefused(answer)
  return answer
}

function copyIn(module: ParserModule, sql: string): number {
  const bytes = module.lengthBytesUTF8(sql) + 1
  const text = module._malloc(bytes)
  module.stringToUTF8(sql, text, bytes)
  return text
}
