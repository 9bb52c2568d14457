import { rules } from '@poolsafe/core'
import { firstWords, isEscape, textOf } from './first-words.ts'
import { WordFinder, type Word } from './word-finder.ts'

const names = [
  ...new Set(
    rules.flatMap((rule) => [
      ...Object.keys(rule.functions ?? {}),
      ...Object.keys(rule.extensionFunctions ?? {}).map((name) => name.replace(/\..*/, '')),
      ...(rule.names ?? []),
    ]),
  ),
]
const keywords = [...new Set(rules.flatMap((rule) => rule.keywords ?? []))]

const functions = new RegExp(`(?:${names.map(escape).join('|')})(?:(?![a-z])|(?<=_))`, 'i')

/** Returns true if a text may call a function or name a relation that a rule knows. */
export function mayCallFunctions(text: string): boolean {
  return functions.test(text)
}

/** Separators of two SQL words: white space, its escape, a comment, the end of a literal that is joined to another. */
const gap = String.raw`(?:\s|\\[nrt]|/\*[^*]*\*/|["'\`]\s*[+,]\s*["'\`])`
const behind = (words: string): RegExp => new RegExp(`(?:\\b|\\\\[nrt])(?:${words})${gap}+$`, 'i')
const before = (words: string): RegExp => new RegExp(`^${gap}+(?:${words})\\b`, 'i')
const atEnd = /^(?!\w)/
const atStart = /["'`]\s*$/

/** A word that counts between these texts. */
function word(text: string, front: RegExp | undefined, back: RegExp | undefined): Word {
  return {
    text,
    counts: (bytes, start, end) =>
      (front === undefined || (isBoundary(bytes, start - 1) && front.test(textOf(bytes, start - 60, start)))) &&
      (back === undefined || back.test(textOf(bytes, end, end + 40))),
  }
}

/** The end of a gap. */
function isBoundary(bytes: Buffer, at: number): boolean {
  const byte = bytes[at] ?? 0
  return byte <= 0x20 || byte === 0x22 || byte === 0x27 || byte === 0x60 || byte === 0x2f || isEscape(bytes, at)
}

const words = new WordFinder([
  // `lastval` is not `lastValue`. A name that ends in `_` is the start of many.
  ...names.map((name) => word(name.toLowerCase(), undefined, name.endsWith('_') ? undefined : /^(?![a-z])/i)),
  ...firstWords,
  // A keyword counts only beside the word that it belongs to: `CREATE TEMP`, `INTO TEMP`.
  ...keywords.map((keyword) => word(keyword, behind('create|global|local|replace|into'), atEnd)),
  word('begin', atStart, /^\s*(?:["'`;$\\]|$)|^\s+(?:work|transaction|isolation|read|not|deferrable)\b/i),
  word('start', atStart, before('transaction')),
  word('update', behind(`for|for${gap}+no${gap}+key`), atEnd),
  word('share', behind(`for|for${gap}+key`), atEnd),
  word('commit', behind('on'), before('drop')),
  word('u&', undefined, /^\\?"/),
  word('poolsafe-allow', undefined, undefined),
])

/**
 * Returns true if a file may hold a statement that touches session state: a word of a rule, in a place where SQL may
 * have it. It may say yes too often, never too rarely.
 */
export function mayTouchSessions(source: string | Buffer): boolean {
  return words.isIn(typeof source === 'string' ? Buffer.from(source) : source)
}

function escape(name: string): string {
  return name.replaceAll(/[^\w]/g, String.raw`\$&`)
}
