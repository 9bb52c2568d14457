import { mutated } from './mutate.ts'
import { Random } from './random.ts'
import { blank, inOtherCase, respelled } from './respell.ts'
import { expressions, leaves, others, queries, statements } from './templates.ts'
import { falseSpaces, oddities } from './unicode.ts'
import { examples, functions, keywords, known, relations } from './vocabulary.ts'

/** How one text is made. */
interface Recipe {
  readonly random: Random
  /** Probability that what may be dangerous is. */
  readonly danger: number
}

/** The text of this number. It depends on nothing but the seed and the number. */
export function generate(seed: number, index: number): string {
  const random = new Random(seed, index)
  const recipe = { random, danger: random.pick([0, 0.1, 0.5, 0.8]) }
  let text = random.chance(recipe.danger / 2) ? random.pick(examples) : statement(recipe, 1 + random.below(3))
  if (random.chance(0.5)) text = inOtherSpelling(text, random)
  if (random.chance(0.3)) text = withOddBlanks(text, random)
  if (random.chance(0.4)) text = surrounded(text, recipe)
  return random.chance(0.3) ? mutated(text, () => statement(recipe, 1), random) : text
}

function statement(recipe: Recipe, depth: number): string {
  const { random, danger } = recipe
  if (random.chance(danger / 6)) return random.pick(examples)
  return filled(random.pick(random.chance(danger / 3) ? others : statements), recipe, depth)
}

/** Fills the holes of a template. At depth 0 only with what has no holes. */
function filled(template: string, recipe: Recipe, depth: number): string {
  return template.replaceAll(/\{([a-z])\}/g, (_hole, kind: string) => fillings[kind]?.(recipe, depth - 1) ?? '')
}

const fillings: Readonly<Record<string, (recipe: Recipe, depth: number) => string>> = {
  e: expression,
  f: (recipe) => (recipe.random.chance(recipe.danger) ? call(recipe) : 'generate_series(1, 2)'),
  q: (recipe, depth) => (depth > 0 ? filled(recipe.random.pick(queries), recipe, depth) : 'SELECT 1'),
  r: ({ random, danger }) =>
    random.pick(random.chance(danger / 2) ? relations : ['t', 'users', 's.t', '"T"', 'pg_class']),
  s: (recipe, depth) => (depth > 0 ? statement(recipe, depth) : 'SELECT 1'),
  t: ({ random, danger }) =>
    random.chance(danger / 3)
      ? `${random.pick(relations)}.a`
      : random.pick(['int', 'text', 'public.a', 'numeric(3, 2)', '"T"', 'interval day']),
  w: ({ random, danger }) => (random.chance(danger) ? random.pick(keywords) : random.pick(['', '', 'UNLOGGED'])),
}

function expression(recipe: Recipe, depth: number): string {
  const { random, danger } = recipe
  if (depth > 0 && random.chance(0.6)) return `(${filled(random.pick(expressions), recipe, depth)})`
  if (random.chance(danger / 2))
    return random.chance(0.8) ? call(recipe) : `(${random.pick(leaves)}).${random.pick(functions)}`
  return random.pick(leaves)
}

const someArguments = [
  '',
  '1',
  "'a'",
  '1, 2',
  "'a', 'b'",
  "'a', 'b', false",
  "'a', 'b', $1",
  "'a', 'b', is_local => NULL",
  "'a', false",
]

function call({ random }: Recipe): string {
  const name = random.chance(0.1) ? random.pick(relations) : random.pick(functions)
  return `${name}(${random.pick(someArguments)})`
}

/** Half of the texts are to mean the same, the other half nearly so. */
function inOtherSpelling(text: string, random: Random): string {
  const faithful = random.chance(0.5)
  return text.replaceAll(known, (name) =>
    keywords.includes(name.toLowerCase())
      ? inOtherCase(name, random)
      : respelled(name, faithful || random.chance(0.5), random),
  )
}

function withOddBlanks(text: string, random: Random): string {
  const falsely = random.chance(0.15) ? [...falseSpaces, ...oddities] : undefined
  return text.replaceAll(' ', () =>
    random.chance(0.5) ? ' ' : falsely === undefined ? ` ${blank(random)}` : random.pick(falsely),
  )
}

/** Puts something before and behind the text that may hide it, or seem to. */
function surrounded(text: string, recipe: Recipe): string {
  const { random } = recipe
  const before = random.chance(0.5) ? random.pick(random.chance(0.85) ? starts : falseStarts) : ''
  if (random.chance(recipe.danger / 2)) return `${before}${text};${statement(recipe, 2)}`
  const behind = random.chance(0.7) ? random.pick(random.chance(0.85) ? ends : falseEnds) : ''
  return `${before}${text}${behind}`
}

const starts = [
  ' ',
  '\n\v\f',
  '/**/',
  '/* select */',
  '/* /* select */ */',
  '/*/* */ */',
  '/**//**/',
  '/***/',
  '/* " */',
  "/* ' */",
  '/* -- */',
  '/*/**/;*/',
  '-- a\n',
  '-- a\r',
  '-- /*\n',
  '-- select\n',
  '--\n--\r',
  "--'\n",
  ';',
  ';;',
  'SELECT 1;',
  'VALUES (1);--\n',
]

/** To PostgreSQL these are something else, or never end. */
const falseStarts = [
  '(',
  '((',
  'select ',
  '\0',
  '\ufeff',
  '\u00a0',
  '/* /* select */',
  '/*/ select */',
  '-- select\f',
  '-- select\u2028',
  '--',
  '- -',
]

const ends = [
  ';',
  '; ',
  ';;',
  ';\n',
  ' ; \v\f',
  '; --',
  ';/**/',
  '--',
  '-- a',
  '/* ; */',
  '\0',
  ';\0SET a = 1',
  " /*'*/",
  '--"\n',
  ';\r',
]

const falseEnds = [
  ';\u00a0',
  ';\ufeff',
  '\u037e',
  '\uff1b',
  ')',
  ') SELECT 1',
  '/*',
  '/* ;',
  "'",
  "' ;",
  '"',
  '$$',
  '$a$;',
  '\\',
  ' E',
  ' U&',
  ' &"',
  ' & "a"',
  ' AS "',
]
