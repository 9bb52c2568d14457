import { describe, expect, test } from 'vitest'
import { safe } from '../../../../test/corpus/safe.ts'
import { unsafe } from '../../../../test/corpus/unsafe.ts'
import { rules } from '../rules/index.ts'
import { effectsIn } from '../analyze/analysis.ts'
import { analyze, createAnalyzer } from '../analyze/analyze.ts'
import { detect } from '../analyze/detect.ts'
import { normalise } from './normalise.ts'
import { ParseRefused, parse } from './parser.ts'

const examples = rules
  .flatMap(({ examples: { unsafe: first, safe: second } }) => first.concat(second))
  .map((given) => (typeof given === 'string' ? given : given.sql))
const statements = [
  ...examples,
  ...[safe, unsafe].flatMap((groups) =>
    Object.values(groups)
      .flat()
      .map(({ sql }) => sql),
  ),
]

/** The places where tokens, literals, names and comments meet. A lexer may get them wrong. */
const pieces = [
  "'", "''", "'a'", "E'", "'b\\'", '"', '""', '"c"', '$$', '$a$', '$', '$1', '$2$', '1', '1.5', 'a$b$', 'd', 'U&"', "U&'", "n'",
  '/*', '*/', '/**/', '/*/', '/* ; */', '--', '-- e', '-', '/', '*', '+', '\n', '\r', ' ', '\t', ',', '(', ')', ';', '.', 'é', '\u00a0',
  ' IN ', ' in($1,$2)', ' IN ( $1 , $2 )', ' VALUES ', ' values ($1,$2),($3,$4)', '.values ($1),($2)', '.in($1,$2)', '($1, $2)', '($3)',
  'SELECT ', 'SELECT 1', ' SET x = 1', 'LISTEN f', "set_config('g', $1, true)", ' FROM h', ' WHERE i', ' AND ', 'INSERT INTO j ', 'position(k',
] as const // prettier-ignore

const texts = 30_000
const longestText = 8

/** Generates the same numbers in every run (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

function generated(): string[] {
  const next = numbers(7)
  return Array.from({ length: texts }, () => {
    const start = next(2) === 0 ? '' : 'SELECT '
    return start + Array.from({ length: 1 + next(longestText) }, () => pieces[next(pieces.length)]).join('')
  })
}

/** All that the rules can see of a text. */
function seen(sql: string): unknown {
  try {
    return parse(sql).map((statement) => ({
      tag: Object.keys(statement),
      effects: detect(statement),
      control: controlOf(statement),
    }))
  } catch (error) {
    if (error instanceof ParseRefused) return 'refused'
    throw error
  }
}

function controlOf(statement: object): unknown {
  if (!('TransactionStmt' in statement)) return undefined
  const { kind, chain, savepoint_name: name } = statement.TransactionStmt as Record<string, unknown>
  return { kind, chain, name }
}

const differing = (sqls: readonly string[]): string[] =>
  sqls.filter((sql) => normalise(sql) !== sql && JSON.stringify(seen(normalise(sql))) !== JSON.stringify(seen(sql)))

describe('the normal form', () => {
  test.each([
    ["SELECT 1 /*traceparent='00-4bf9-01'*/", 'SELECT 1 /**/'],
    ["/*traceparent='00-4bf9-01'*/ SELECT 1", '/**/ SELECT 1'],
    ['SELECT 1 -- id 42', 'SELECT 1 --'],
    ['-- id 42\r\nSELECT 1', '--\r\nSELECT 1'],
    ['SELECT /* /* a */ */ 1', 'SELECT /**/ 1'],
    ['SELECT 1 WHERE a IN ($1, $2, $3) AND b IN($4)', 'SELECT 1 WHERE a IN ($1) AND b IN ($1)'],
    ['INSERT INTO t VALUES ($1,$2),\n($3, $4)', 'INSERT INTO t VALUES ($1)'],
    ['SELECT "in"($1, $2)', 'SELECT "in"($1, $2)'],
    ['SELECT a.in($1, $2), a . values ($1), ($2)', 'SELECT a.in($1, $2), a . values ($1), ($2)'],
    [
      'SELECT set_config($1, $2, $3), \'-- a\', "/* b", $$ /* $$',
      'SELECT set_config($1, $2, $3), \'-- a\', "/* b", $$ /* $$',
    ],
    ['SELECT a IN ($1, 2)', 'SELECT a IN ($1, 2)'],
    ['SELECT a IN ($1, $123456)', 'SELECT a IN ($1, $123456)'],
  ])('of %j is %j', (sql, normal) => {
    expect(normalise(sql)).toBe(normal)
  })

  test.each([
    "SELECT 'a\\' /* b */",
    'SELECT 1 /* a',
    'SELECT 1 /*/',
    "SELECT 'a /* b */",
    'SELECT "a /* b */',
    'SELECT $a$ /* b */',
    'SELECT /* \0 */ 1',
  ])('of what is unclear or unfinished is the text itself: %j', (sql) => {
    expect(normalise(sql)).toBe(sql)
  })

  test('has one parameter of a list, wherever its numbers begin and whatever stands between them', () => {
    for (const first of [1, 2, 9, 10, 95, 100, 999, 4000, 9999, 10_000, 65_000]) {
      for (const count of [1, 2, 7, 8, 9, 40, 400, 4000, 20_000]) {
        for (const separator of [', ', ',', ' , ']) {
          const list = Array.from({ length: count }, (_, index) => `$${first + index}`).join(separator)
          const rest = `${separator}$1${separator}$3) OR b > $1`
          expect(normalise(`SELECT a IN (${list}${rest}`)).toBe('SELECT a IN ($1) OR b > $1')
          const mixed = `SELECT a IN (${list}${separator}$7x${rest}`
          expect(normalise(mixed)).toBe(mixed)
        }
      }
    }
  })

  test('is normal itself', () => {
    for (const sql of [...statements, ...generated()]) expect(normalise(normalise(sql))).toBe(normalise(sql))
  })

  test('shows the rules the same as the text: in every statement of the corpus, with comments and lists', () => {
    const commented = statements.flatMap((sql) => [
      `/* SET x */ ${sql}`,
      `-- SET x\n${sql}`,
      `${sql} /*a='b'*/`,
      `${sql} -- '`,
      sql.replaceAll(' ', '/* ; */'),
    ])
    const listed = statements.map((sql) => `WITH a AS (SELECT b IN ($1, $2)), c AS (VALUES ($1), ($2)) ${sql}`)
    expect(differing([...statements, ...commented, ...listed])).toEqual([])
  })

  test('shows the rules the same as the text: in texts made of what lexers get wrong', () => {
    const made = generated()
    expect(made.filter((sql) => normalise(sql) !== sql).length).toBeGreaterThan(texts / 10)
    expect(differing(made)).toEqual([])
  })

  test.each([
    '/*'.repeat(5_000_000),
    `SELECT 1 IN (${'$1,'.repeat(3_000_000)}$1)`,
    `VALUES ${'($1),'.repeat(2_000_000)}($1)`,
    '$a'.repeat(5_000_000),
  ])('of ten million characters is made in one go', (sql) => {
    expect(normalise(sql).length).toBeLessThanOrEqual(sql.length)
  })
})

describe('the analyzer', () => {
  const traced = (index: number): string => `SELECT set_config('app.org_id', $1, true) /*traceparent='00-${index}'*/`
  const listed = (length: number): string => `SELECT set_config('a', b, true) FROM c WHERE d IN (${parameters(length)})`
  const inserted = (length: number): string =>
    `INSERT INTO "temp" VALUES ${Array.from({ length }, () => `(${parameters(3)})`).join()}`
  const parameters = (length: number): string => Array.from({ length }, (_, index) => `$${index + 1}`).join()

  test.each([traced, listed, inserted])('parses one of all variants: %o', (variant) => {
    const analyzeText = createAnalyzer(1_000_000)
    const first = analyzeText(variant(1))
    for (let index = 2; index < 1000; index++) expect(analyzeText(variant(index))).toBe(first)
  })

  test('judges what is longer than the parser takes by its normal form', () => {
    expect(analyze(listed(50_000)).undecided).toBeUndefined()
    expect(effectsIn(analyze(`SET x = 1 /*${'a'.repeat(300_000)}*/`))).toHaveLength(1)
  })

  test.each(['COMMIT /*a*/', '/*a*/ BEGIN', '-- a\nROLLBACK;', 'SAVEPOINT "/**/ a" -- b'])(
    'takes %j for what it is',
    (sql) => {
      expect(analyze(sql).steps.map(({ control }) => control?.does)).toEqual([expect.any(String)])
    },
  )
})
