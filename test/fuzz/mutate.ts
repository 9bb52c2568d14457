import type { Random } from './random.ts'
import { falseSpaces, oddities, whiteSpace } from './unicode.ts'
import { examples, functions, keywords, names } from './vocabulary.ts'

type Mutation = (text: string, random: Random) => string

const signs = [
  "'",
  "''",
  "E'",
  "e'",
  "\\'",
  '\\',
  "U&'",
  "u&'",
  "B'",
  "N'",
  '"',
  '""',
  'U&"',
  'u&"',
  '&"',
  '& "',
  "UESCAPE '!'",
  '$$',
  '$a$',
  '$1',
  '$',
  '$é$',
  '/*',
  '*/',
  '/*/',
  '**/',
  '--',
  '--\n',
  '\n',
  '\r',
  ';',
  '; ',
  '(',
  ')',
  '[',
  ']',
  ',',
  '.',
  ':',
  '::',
  ':=',
  '=>',
  '*',
  '+',
  '@',
]
const words = [
  'SELECT',
  'with',
  'VALUES (1)',
  'INTO',
  'UPDATE',
  'AS',
  'FROM',
  'EXPLAIN ANALYZE',
  'SET a = 1',
  'LOCAL',
  'pg_catalog.',
  'UNION',
  'ALL',
  'EXECUTE a',
]
const special = [...signs, ...signs, ...signs, ...words, ...whiteSpace, ...falseSpaces, ...oddities]
const dangers = [...functions, ...keywords, ...names, ...functions.map((name) => `${name}(`), ...examples]
const quotes = [
  ["'", "'"],
  ["E'", "'"],
  ['"', '"'],
  ['U&"', '"'],
  ['$$', '$$'],
  ['$a$', '$a$'],
  ['/*', '*/'],
  ['--', '\n'],
  ['--', '\r'],
  ['(', ')'],
  ['/*', '*//*'],
] as const

const mutations: readonly Mutation[] = [
  (text, random) => inserted(text, random.pick(special), random),
  (text, random) => inserted(text, random.pick(special), random),
  (text, random) => inserted(text, random.pick(special), random),
  (text, random) => inserted(text, random.chance(0.3) ? random.pick(dangers) : random.pick(special), random),
  (text, random) => rewritten(text, 1, () => '', random),
  (text, random) => rewritten(text, 1 + random.below(12), () => '', random),
  (text, random) => rewritten(text, 1 + random.below(20), (part) => part + part, random),
  (text, random) => rewritten(text, 2, (part) => part.slice(1) + part.slice(0, 1), random),
  (text, random) => rewritten(text, 1, () => random.pick(special), random),
  (text, random) => rewritten(text, 1 + random.below(30), (part) => part.toUpperCase(), random),
  (text, random) => rewritten(text, 1 + random.below(30), (part) => Array.from(part).toReversed().join(''), random),
  (text, random) => {
    const [open, close] = random.pick(quotes)
    return rewritten(text, 1 + random.below(40), (part) => open + part + close, random)
  },
  (text, random) => text.slice(0, random.below(text.length + 1)),
  (text, random) => text.slice(random.below(text.length + 1)),
  tokensSwapped,
  tokenRepeated,
]

/**
 * The text with one to three changes.
 *
 * @param another makes a text to splice this one with
 */
export function mutated(text: string, another: () => string, random: Random): string {
  let result = random.chance(0.15) ? spliced(text, another(), random) : text
  for (let left = 1 + random.below(3); left > 0; left--) result = random.pick(mutations)(result, random)
  return result
}

function spliced(head: string, tail: string, random: Random): string {
  return head.slice(0, random.below(head.length + 1)) + tail.slice(random.below(tail.length + 1))
}

function inserted(text: string, part: string, random: Random): string {
  const at = random.below(text.length + 1)
  return text.slice(0, at) + part + text.slice(at)
}

function rewritten(text: string, length: number, rewrite: (part: string) => string, random: Random): string {
  const at = random.below(text.length)
  return text.slice(0, at) + rewrite(text.slice(at, at + length)) + text.slice(at + length)
}

function tokensSwapped(text: string, random: Random): string {
  const tokens = tokensOf(text)
  const [one, other] = [random.below(tokens.length), random.below(tokens.length)]
  return tokens.map((token, at) => tokens[at === one ? other : at === other ? one : at] ?? token).join('')
}

function tokenRepeated(text: string, random: Random): string {
  const tokens = tokensOf(text)
  return inserted(text, random.pick(tokens) ?? '', random)
}

function tokensOf(text: string): string[] {
  return text.match(/\w+|\s+|[^\w\s]/g) ?? []
}
