import { rules } from '@poolsafe/core'

const names = rules.flatMap((rule) => [
  ...Object.keys(rule.functions ?? {}),
  ...Object.keys(rule.extensionFunctions ?? {}).map((name) => name.replace(/\..*/, '')),
  ...(rule.names ?? []),
])
const keywords = rules.flatMap((rule) => rule.keywords ?? [])
const firstWords = [...new Set([...rules.flatMap((rule) => rule.firstWords ?? []), 'lock'])]

/** `lastval` is not `lastValue`. A name that ends in `_` is the start of many. */
const functions = new RegExp(`(?:${[...new Set(names)].map(escape).join('|')})(?:(?![a-z])|(?<=_))`, 'i')

/** Returns true if a text may call a function or name a relation that a rule knows. */
export function mayCallFunctions(text: string): boolean {
  return functions.test(text)
}

// `set value(next) {` is a setter of JavaScript.
const statement = String.raw`(?:${firstWords.join('|')})\s(?<!set\s(?=\s*["'\w$~#]*\())`
const temporary = `(?:create|global|local|replace|into)\\s+(?:${keywords.join('|')})\\b`

/** Several regular expressions: V8 can skip ahead in each of them, and could not in one for all. */
const dangerous: readonly RegExp[] = [
  functions,
  // A first word, at the start of a literal, of a line or of a statement, or behind a comment of SQL.
  new RegExp(`\\b${statement}(?<=(?:^|[\\n"'\`;(}]|\\*/)[ \\t]*\\w+\\s)`, 'i'),
  // A keyword counts beside what it makes: `CREATE TEMP`, `INTO TEMP`.
  new RegExp(`\\b${temporary}`, 'i'),
  // The same behind an escaped line end or tab of a literal: there is no word boundary between `\n` and `SET`.
  new RegExp(`\\\\[nrt]\\s*(?:${statement}|${temporary})`, 'i'),
  /["'`]\s*(?:begin|start\s+transaction)\b/i,
  /\bfor\s+(?:no\s+key\s+)?update\b|\bfor\s+(?:key\s+)?share\b|\bon\s+commit\s+drop\b|\bu&\\?"/i,
  /poolsafe-allow/,
]

/**
 * Returns true if a file may hold a statement that touches session state: a word of a rule, in a place where SQL may
 * have it. It may say yes too often, never too rarely.
 */
export function mayTouchSessions(source: string): boolean {
  return dangerous.some((words) => words.test(source))
}

function escape(name: string): string {
  return name.replaceAll(/[^\w]/g, String.raw`\$&`)
}
