import { describe, expect, test } from 'vitest'
import { effectsIn } from '../analyze/analysis.ts'
import { analyze } from '../analyze/analyze.ts'
import { withoutComments } from './comments.ts'
import { ParseRefused, parse } from './parser.ts'

describe('comments are left out', () => {
  test.each([
    ['SELECT /* a */1', 'SELECT        1'],
    ['SELECT 1 -- a\n, 2', 'SELECT 1     \n, 2'],
    ['SELECT 1 -- a\r, 2', 'SELECT 1     \r, 2'],
    ['SELECT /* /* */ a */ 1', 'SELECT               1'],
    ['SELECT 2*/**/3', 'SELECT 2*    3'],
    ['SELECT 1 /* a */', 'SELECT 1        '],
    ['SELECT 1 -- a', 'SELECT 1     '],
    ["SELECT E'a'--\n'\\'--\n', --\n1", "SELECT E'a'  \n'\\'--\n',   \n1"],
  ])('of %j', (sql, without) => {
    expect(withoutComments(sql)).toBe(without)
  })

  test.each([
    "SELECT '/* a */', '--', 'it''s --\n', '\\', '/* a */'",
    "SELECT E'\\'/* a */', e'it\\'s--\n'",
    'SELECT "/* a */", "a""--\n"',
    "SELECT $$/* a */$$, $a$ $$ -- ' \n$a$, $é$--\n$é$",
    `SELECT "'`,
    "SELECT E'\\",
    "SELECT E'",
    "SELECT '--\n",
    'SELECT $a$--\n',
  ])('but not of %j', (sql) => {
    expect(withoutComments(sql)).toBe(sql)
  })

  test('if the last one never ends, PostgreSQL refuses the text', () => {
    expect(withoutComments('SELECT 1 /* /* a */ 2')).toBeUndefined()
    expect(() => parse('SELECT 1 /* /* a */ 2')).toThrow(ParseRefused)
  })

  test.each([
    'SELECT 1 WHERE a NOT /* ; */ IN (1)',
    'SELECT 1 ORDER BY a NULLS -- first\n LAST',
    'SELECT * FROM f() WITH /* a */ ORDINALITY',
    'SELECT a::timestamp WITHOUT /* a */ TIME ZONE',
    'SELECT U&"!0061" -- a\r UESCAPE /* a */ \'!\'',
    "SELECT 'a' -- b\n 'c'",
    'SELECT json(a FORMAT /* a */ JSON)',
  ])('so that the parser accepts %j', (sql) => {
    expect(parse(sql)).toHaveLength(1)
  })

  test('and what the text does is found', () => {
    const what = (sql: string): string[] => effectsIn(analyze(sql)).map(({ rule }) => rule)
    expect(what("SELECT set_config('app.org' -- of the tenant\n'_id', '7', false)")).toEqual(['session/set-config'])
    expect(what('DO $$ BEGIN PERFORM pg_advisory_lock(1) WHERE 1 NOT /* a */ IN (2); END $$')).toEqual([
      'session/advisory-lock',
    ])
  })
})
