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
/** A keyword counts beside what it makes: `CREATE TEMP`, `INTO TEMP`. */
const keyword = `\\b(?:create|global|local|replace|into)\\s+(?:${keywords.join('|')})\\b`
/** At the start of a literal, of a line or of a statement. */
const first = `(?:^|["'\`;(}])\\s*(?:/\\*[^*]*\\*/\\s*)?(?:${firstWords.join('|')})\\s+["'\\w$:*]`
const begin = '["\'`]\\s*(?:begin|start\\s+transaction)\\b'
const locks = '\\bfor\\s+(?:no\\s+key\\s+)?update\\b|\\bfor\\s+(?:key\\s+)?share\\b|\\bon\\s+commit\\s+drop\\b|&"'

const dangerous = new RegExp(['poolsafe-allow', ...named, keyword, first, begin, locks].join('|'), 'im')

/**
 * Returns true if a file may hold a statement that touches session state: a word of a rule, in a place where SQL may
 * have it. It may say yes too often, never too rarely.
 */
export function mayTouchSessions(source: string): boolean {
  return dangerous.test(source)
}

function escape(name: string): string {
  return name.replaceAll(/[^\w]/g, String.raw`\$&`)
}
