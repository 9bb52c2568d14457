import { rules } from '@poolsafe/core'

const names = rules.flatMap((rule) => [
  ...Object.keys(rule.functions ?? {}),
  ...Object.keys(rule.extensionFunctions ?? {}).map((name) => name.replace(/\..*/, '')),
  ...(rule.names ?? []),
])
const keywords = rules.flatMap((rule) => rule.keywords ?? [])
const firstWords = [...new Set([...rules.flatMap((rule) => rule.firstWords ?? []), 'lock'])]

/** Short names that are words of JavaScript as well. They are searched as calls. */
const named = [...new Set(names)].map((name) => (name.length < 5 ? `\\b${name}\\b\\s*\\(` : escape(name)))
const functions = new RegExp(named.join('|'), 'i')

/** Returns true if a text may call a function or name a relation that a rule knows. */
export function mayCallFunctions(text: string): boolean {
  return functions.test(text)
}

/** Several regular expressions: V8 can skip ahead in each of them, and could not in one for all. */
const dangerous: readonly RegExp[] = [
  functions,
  // A first word, at the start of a literal, of a line or of a statement.
  new RegExp(`\\b(?:${firstWords.join('|')})\\s(?<=(?:^|[\\n"'\`;(}/])[ \\t]*\\w+\\s)`, 'i'),
  // A keyword counts beside what it makes: `CREATE TEMP`, `INTO TEMP`.
  new RegExp(`\\b(?:create|global|local|replace|into)\\s+(?:${keywords.join('|')})\\b`, 'i'),
  /["'`]\s*(?:begin|start\s+transaction)\b/i,
  /\bfor\s+(?:no\s+key\s+)?update\b|\bfor\s+(?:key\s+)?share\b|\bon\s+commit\s+drop\b|&"/i,
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
