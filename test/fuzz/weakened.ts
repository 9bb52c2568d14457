import { scanSaysHarmless } from '@poolsafe/core/internal'
import { keywords } from './vocabulary.ts'

type Scan = (sql: string) => boolean

const blind =
  (what: RegExp, instead: string): Scan =>
  (sql) =>
    scanSaysHarmless(sql.replaceAll(what, instead))

/**
 * The scan with a hole in it: what somebody might write who wants to let more texts through. A run in which one of them
 * would have passed has proved nothing.
 */
export const weakenedScans: ReadonlyMap<string, Scan> = new Map([
  ['takes U&"…" for an ordinary name', blind(/&"/g, '"')],
  ['does not look behind a semicolon', (sql) => scanSaysHarmless(sql.split(';', 1)[0] ?? '')],
  ['looks for a second statement before comments only', blind(/;\s*(?:--|\/\*)[^]*/g, '')],
  ['misses names in capitals', blind(/[A-Z]+_[A-Z_]+/g, 'x')],
  ['misses names in mixed case', blind(/[a-z]+[A-Z]\w*/g, 'x')],
  ['skips quoted names', blind(/"[^"]*"/g, 'x')],
  ['skips strings without regard to backslashes', blind(/'[^']*'/g, "''")],
  ['skips strings, with a backslash in any', blind(/'(?:[^'\\]|\\[^])*'/g, "''")],
  ['skips dollar quotes of any tag', blind(/\$\w*\$[^]*?\$\w*\$/g, "''")],
  ['ends a comment at its first */', blind(/\/\*[^]*?\*\//g, ' ')],
  ['ends a line comment at \\n only', blind(/--[^\n]*/g, ' ')],
  ['skips everything in parentheses', blind(/\((?:[^()]|\([^()]*\))*\)/g, '()')],
  ['wants a call to open its parenthesis at once', blind(/\w+[\s"]+\(/g, 'x(')],
  ['reads the first hundred characters', (sql) => scanSaysHarmless(sql.slice(0, 100))],
  [
    'takes any plain word for the first',
    (sql) => scanSaysHarmless(sql.slice(Math.max(0, sql.search(/\b(?:select|with|values)\b/i)))),
  ],
  ['knows no keywords', blind(new RegExp(`\\b(?:${keywords.join('|')})\\b`, 'gi'), 'x')],
])
