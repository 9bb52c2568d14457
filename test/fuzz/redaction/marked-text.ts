import { generate } from '../generate.ts'
import { Random } from '../random.ts'
import { falseSpaces, oddities, whiteSpace } from '../unicode.ts'

/** A text in which each place that may hold a secret has a mark of its own. */
export interface MarkedText {
  readonly sql: string
  readonly marks: readonly string[]
}

const letters = 'abcdefghijklmnop'

/** A word that stands for a secret. No mark is a part of another one, or of anything else that a text is made of. */
function wordMark(number: number): string {
  return `zq${letters[number >> 4] ?? 'x'}${letters[number & 15] ?? 'x'}qz`
}

/** A number that stands for a secret. */
function numberMark(number: number): string {
  return `98${String(number).padStart(3, '0')}89`
}

/**
 * The forms that PostgreSQL has for literals, names and comments, and what stands close to them. `@` is a word, `#` a
 * number.
 */
const pieces = [
  "'@'",
  "'@'",
  "''",
  "'@''@'",
  "'@'\n'@'",
  "'@' -- @\n '@'",
  "'@' '@'",
  "E'@'",
  "e'\\'@'",
  "E'@\\\\'",
  "'@\\'",
  "'\\' @'",
  "b'@'",
  "B'1' '@'",
  "x'@'",
  "X'1'\n'@'",
  "n'@'",
  "N'@'",
  "U&'@'",
  "u&'!0041@' UESCAPE '!'",
  "U&'@' UESCAPE '@'",
  'U&"@"',
  '"@"',
  '"@""@"',
  '"a\'@"',
  '$$@$$',
  '$$@',
  '$a$@$a$',
  '$a$@$b$ @ $a$',
  '$é$@$é$',
  'a$a$@$a$',
  '1$a$@$a$',
  '$1$a$@$a$',
  '\u00a0$a$@$a$',
  '/*@*/',
  '/*@/*@*/@*/',
  '/*/@*/',
  '--@\n',
  '--@\r',
  '--@\f@\n',
  '#',
  '-#',
  '#.#',
  '.#',
  '#.',
  '#e#',
  '#E+#',
  '1e-#',
  '0x#',
  '0X#af',
  '0o1#',
  '0b1#',
  '1_#',
  '$#',
  'a#',
  '@',
  '@.@',
  ':#',
  "date '@'",
  "interval '#' day",
  "'@'::text",
  "f('@', #)",
  "ARRAY['@', #]",
  "'{@}'",
]

/** Statements in which a bare word is a value, or looks like one. */
const settings = [
  'SET a = @',
  'SET a.b TO @, @',
  'SET SESSION a TO @',
  'SET LOCAL "a"."b" = @',
  'SET TIME ZONE @',
  'SET LOCAL TIME ZONE @',
  "SET TIME ZONE INTERVAL '@' HOUR",
  'SET/*@*/a/*@*/=/*@*/@',
  'SET a =#',
  'SET a = -#',
  "SET NAMES '@'",
  "SET SCHEMA '@'",
  "SET SESSION AUTHORIZATION '@'",
  "SET ROLE '@'",
  'ALTER ROLE a SET b TO @',
  'ALTER ROLE a IN DATABASE b SET c TO @, @',
  "ALTER ROLE a PASSWORD '@'",
  "ALTER ROLE a WITH LOGIN PASSWORD '@' VALID UNTIL '@'",
  'ALTER DATABASE a SET b = @',
  'ALTER SYSTEM SET a = @',
  "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET a = @ AS '@'",
  'ALTER FUNCTION f() SET a TO @',
  "CREATE USER MAPPING FOR a SERVER b OPTIONS (user '@', password '@')",
  "CREATE SUBSCRIPTION a CONNECTION '@' PUBLICATION b",
  "SELECT set_config('@', '@', false)",
  "EXECUTE foo('@', b'@', #)",
  "NOTIFY a, '@'",
  "PREPARE a AS SELECT '@'",
  "DO $$ BEGIN SET a = '@'; END $$",
  "DO LANGUAGE plpgsql '@'",
  "COPY t FROM PROGRAM '@'",
  "PREPARE TRANSACTION '@'",
  "SELECT pg_advisory_lock(#), pg_advisory_lock(hashtext('@'))",
  "SELECT dblink_connect('@')",
  "INSERT INTO t VALUES ('@', #, b'@', NULL)",
]

const glue = [
  ' ',
  ' ',
  ', ',
  ',',
  '',
  '',
  ' + ',
  '(',
  ')',
  ';',
  '; ',
  '\n',
  "'",
  '"',
  '\\',
  '$',
  '$a$',
  '-',
  '/',
  '*',
  'E',
  'b',
  'U&',
  'a',
]

/** The text of this number. It depends on nothing but the seed and the number. */
export function markedText(seed: number, index: number): MarkedText {
  const random = new Random(seed, index)
  const marks: string[] = []
  const withMarks = (text: string): string =>
    text.replaceAll(/[@#]/g, (hole) => {
      const mark = (hole === '@' ? wordMark : numberMark)(marks.length)
      marks.push(mark)
      return mark
    })
  let sql = withMarks(beginning(random, seed, index))
  for (let left = random.below(9); left > 0; left--) sql += separator(random) + withMarks(random.pick(pieces))
  if (random.chance(0.2)) sql = `${sql}; ${withMarks(random.pick(settings))}`
  if (random.chance(0.15)) sql = disturbed(sql, random)
  return { sql, marks }
}

function beginning(random: Random, seed: number, index: number): string {
  const kind = random.below(10)
  if (kind < 4) return 'SELECT '
  if (kind < 8) return random.pick(settings)
  return generate(seed, index).replaceAll(/[@#]/g, '')
}

function separator(random: Random): string {
  const kind = random.below(20)
  if (kind === 0) return random.pick(falseSpaces)
  if (kind === 1) return random.pick(oddities)
  if (kind === 2) return random.pick(whiteSpace)
  return random.pick(glue)
}

/** One character goes, or comes twice. */
function disturbed(sql: string, random: Random): string {
  const at = random.below(sql.length)
  return random.chance(0.5) ? sql.slice(0, at) + sql.slice(at + 1) : sql.slice(0, at + 1) + sql.slice(at)
}
