import { createRequire } from 'node:module'
import { asUnescapedStrings } from '../unescaped.ts'
import type { MarkedText } from './marked-text.ts'

/** The functions of libpg-query's own entry: PostgreSQL's lexer and its parser. */
interface Postgres {
  loadModule(): Promise<void>
  scanSync(sql: string): { readonly tokens: readonly { readonly text: string; readonly tokenType: number }[] }
  parseSync(sql: string): object
}

const require = createRequire(new URL('../../../packages/core/package.json', import.meta.url))
const postgres = require('libpg-query') as Postgres
await postgres.loadModule()

/**
 * Numbers of the tokens that hold secrets: FCONST, SCONST, USCONST, BCONST, XCONST, ICONST, SQL_COMMENT and C_COMMENT
 * (PostgreSQL 18's grammar, as libpg-query 18.1 numbers them; `redaction.test.ts` checks each).
 */
export const secretTokens: ReadonlySet<number> = new Set([260, 261, 262, 263, 264, 266, 275, 276])

/**
 * The marks of a text that PostgreSQL reads inside a literal, a comment or the value of a setting; `undefined` if it
 * cannot read the text.
 */
export function secretMarks({ sql, marks }: MarkedText): ReadonlySet<string> | undefined {
  // A server with standard_conforming_strings = off ends some literals elsewhere.
  const readings = sql.includes('\\') ? [sql, asUnescapedStrings(sql)] : [sql]
  const texts = readings.map(secretTexts).filter((found) => found !== undefined)
  if (texts.length === 0) return undefined
  const secret = [...texts.flat(), ...settingValues(sql)].join('\n')
  return new Set(marks.filter((mark) => secret.includes(mark)))
}

export function tokenTypes(sql: string): number[] {
  return postgres.scanSync(sql).tokens.map(({ tokenType }) => tokenType)
}

function secretTexts(sql: string): string[] | undefined {
  try {
    return postgres.scanSync(sql).tokens.flatMap(({ text, tokenType }) => (secretTokens.has(tokenType) ? [text] : []))
  } catch {
    return undefined
  }
}

/** Roles are names that reports show, with or without quotes. */
const names: ReadonlySet<string> = new Set(['role', 'session_authorization'])

/** The values of all settings that a text gives one, also those without quotes. */
function settingValues(sql: string): string[] {
  if (!/\bset\b/i.test(sql)) return []
  const values: string[] = []
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    for (const [key, child] of Object.entries(node)) {
      if (key === 'VariableSetStmt' || key === 'setstmt') addValues(child as SetStatement, values)
      visit(child)
    }
  }
  try {
    visit(postgres.parseSync(sql))
  } catch {
    // PostgreSQL refuses the text: what its lexer calls a literal is known, and nothing is set.
  }
  return values
}

interface SetStatement {
  readonly name?: string
  readonly args?: readonly object[]
}

function addValues({ name, args }: SetStatement, values: string[]): void {
  if (name !== undefined && !names.has(name)) values.push(JSON.stringify(args ?? []))
}
