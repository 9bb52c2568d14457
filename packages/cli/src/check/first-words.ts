import { rules } from '@poolsafe/core'
import type { Word } from './word-finder.ts'

/** A literal that ends here and is joined to another one or given to a function. */
const joined = String.raw`["'\`](?=\s*(?:[+,)\];.:?}|&]|$)|[ \t]*\r?\n)`
/** A place that may hold anything: a hole, a placeholder, an escape, a comment, or the rest in another literal. */
const open = String.raw`${joined}|[$%?:{@\\]|--|/\*`
const simpleName = String.raw`(?:[\w$]+|\\?"[^"]{1,63}")`
const name = String.raw`${simpleName}(?:\.${simpleName})*`
/** A name that no word of a user interface has. */
const setting = String.raw`\w+[_.][\w.]+`
/** A value of one word has no word behind it. */
const sentence = String.raw`\s*\w[\w.]*[ \t]+[a-z]`
const end = String.raw`\s*(?:[;"'\`$%?:{@\\]|$|--|/\*)`
const positions = 'next|prior|first|last|absolute|relative|forward|backward|all|from|in'
const parts = 'session|local|time|role|transaction|constraints|names|schema|catalog|xml'

/**
 * The text that follows a first word in SQL. `set value(next) {` is a setter of JavaScript, `declare module` is
 * TypeScript, and `Close other programs` is a sentence. A word that is not here may be followed by anything.
 */
const continuations: Readonly<Record<string, string>> = {
  set: String.raw`${name}\s*(?:(?:=|to\b)(?!${sentence})|from\b|["'\`]\s*[+,]|[?%:@\\]|\$\{|--|/\*)|${setting}${joined}|(?:${parts})\s`,
  reset: `${name}${end}|(?:session|time)\\s`,
  discard: 'all|plans|sequences|temp',
  declare: String.raw`[^;]*\bcursor\b`,
  fetch: String.raw`-?\d|(?:${positions})\b|${name}${end}`,
  move: String.raw`-?\d|(?:${positions})\b|${name}${end}`,
  close: name + end,
  listen: name + end,
  unlisten: String.raw`\*|${name}${end}`,
  load: 'e?[\'"]',
  prepare: String.raw`transaction\b|${name}\s*(?:\(|as\b|${open})`,
  execute: String.raw`['"]|${name}(?:\s*[(|]|${end})`,
  deallocate: String.raw`prepare\b|${name}${end}`,
  lock: String.raw`(?:table|only)\b|${name}(?:\s*[,*]|\s+(?:in|nowait)\b|${end})`,
}

/** The most that is read behind a first word. */
const most = 300

/** The first words of rules. */
export const firstWords: readonly Word[] = [
  ...new Set([...rules.flatMap((rule) => rule.firstWords ?? []), 'lock']),
].map((text) => {
  const continuation = new RegExp(`^(?:\\s|\\\\[nrt])*(?:${open}|${continuations[text] ?? ''})`, 'i')
  return {
    text,
    counts: (bytes, start, after) =>
      isGap(bytes, after) && isStart(bytes, start) && continuation.test(textOf(bytes, after, after + most)),
  }
})

/** Returns a part of a file as text. Characters that are not ASCII become others. */
export function textOf(bytes: Buffer, from: number, to: number): string {
  return bytes.toString('latin1', Math.max(0, from), to)
}

const backslash = 0x5c

/** White space, an escape of it in a literal, or a comment. */
function isGap(bytes: Buffer, at: number): boolean {
  const byte = bytes[at] ?? 0
  return byte <= 0x20 || byte === backslash || (byte === 0x2f && bytes[at + 1] === 0x2a)
}

const starts = new Set(Buffer.from('\n\r"\'`;(}'))

/** The words that a statement may follow inside another one: words of PL/pgSQL, the start of a body, EXPLAIN. */
const before = /(?:\b(?:begin|then|else|loop|as)|\$\w*\$)\s+$|\bexplain\b[^;]*$/i

/** The start of a literal, of a line or of a statement, or behind a comment of SQL or an escaped line end. */
function isStart(bytes: Buffer, start: number): boolean {
  let at = start - 1
  if (isEscape(bytes, at)) return true
  while (isBlank(bytes[at])) at--
  const byte = bytes[at]
  if (byte === undefined || starts.has(byte) || isEscape(bytes, at)) return true
  return (byte === 0x2f && bytes[at - 1] === 0x2a) || before.test(textOf(bytes, start - 60, start))
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0b || byte === 0x0c
}

/** `\n`, `\r` and `\t` in a literal. */
export function isEscape(bytes: Buffer, at: number): boolean {
  const byte = bytes[at]
  return bytes[at - 1] === backslash && (byte === 0x6e || byte === 0x72 || byte === 0x74)
}
