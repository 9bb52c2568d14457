import { expect, it } from 'vitest'
import { foldText } from './folded.ts'

it.each<[string, string, boolean]>([
  ["'SET a.b = 1'", 'SET a.b = 1', true],
  ["format('SET a.b = %L', v)", "SET a.b = 'x'", true],
  ["format('SELECT * FROM %I.%2$I WHERE n = %3$L', s, t, v)", "SELECT * FROM x.x WHERE n = 'x'", true],
  ["format('SELECT 10 %% 3')", 'SELECT 10 % 3', true],
  ["'LISTEN ' || quote_ident(c)", 'LISTEN x', true],
  ["'ANALYZE ' || t::regclass", 'ANALYZE x', true],
  ["'SELECT ' || n::int || ' + 1'", 'SELECT 1 + 1', true],
  ["'SET a.b = ' || v", 'SET a.b = x', false],
  ["format('SELECT %s', v)", 'SELECT x', false],
  ["format('SELECT %I.%I(%L)', 'shop', 'a\"b', 1)", `SELECT shop."a""b"('1')`, true],
  ["format('SELECT %I(1)', f)", 'SELECT x(1)', false],
  ["concat('SELECT ', quote_literal('it''s'), NULL)", "SELECT 'it''s'x", false],
  ["concat_ws(' ', 'SELECT', 1)", 'SELECT 1', true],
  ["'SELECT 1 ' || other.quote_ident(v)", 'SELECT 1 x', false],
])('%s builds %s', (expression, sql, isWhole) => {
  expect(foldText(`SELECT ${expression}`)).toEqual([{ sql, isWhole }])
})

it('CASE and variables give several texts; values behind USING are filled in', () => {
  const values = new Map([
    ['s', ["SELECT 'SET '", "SELECT s || CASE WHEN l THEN 'LOCAL' ELSE 'SESSION' END || ' a.b = 1'"]],
  ])
  const texts = foldText('SELECT s', [], { values, saved: new Map() })
  expect(texts?.map(({ sql }) => sql)).toEqual(['SET LOCAL a.b = 1', 'SET SESSION a.b = 1'])
  expect(foldText("SELECT 'SELECT f($1, $2, $3)'", ['true', 'v', 'g()'])).toEqual([
    { sql: 'SELECT f((true), (v), x)', isWhole: true },
  ])
})

it('a variable that reads itself ends', () => {
  const values = new Map([
    ['a', ["SELECT 'SELECT 1' || b"]],
    ['b', ['SELECT a']],
  ])
  expect(foldText('SELECT a', [], { values, saved: new Map() })).toEqual(undefined)
})

it('a text of many pieces is followed in one pass, and one that doubles is given up', () => {
  const built = (next: string): ReadonlyMap<string, readonly string[]> =>
    new Map([['s', ["SELECT 'SELECT 1'", ...Array.from({ length: 40 }, () => `SELECT ${next}`)]]])
  const texts = foldText('SELECT s', [], { values: built("s || ', 2'"), saved: new Map() })
  expect(texts?.at(-1)).toEqual({ sql: `SELECT 1${', 2'.repeat(40)}`, isWhole: true })
  for (const next of ['s || s', 'quote_literal(s)'])
    expect(foldText('SELECT s', [], { values: built(next), saved: new Map() })).toBeUndefined()
})

it('a text beside one that is not known is one of several', () => {
  const values = new Map([['s', ['SELECT command FROM commands', "SELECT 'SELECT 1'"]]])
  expect(foldText('SELECT s', [], { values, saved: new Map() })).toEqual([
    { sql: 'SELECT 1', isWhole: true, isCut: true },
  ])
})

it('more texts than are followed are cut, and say so', () => {
  const choice = (index: number): string => `CASE WHEN a${index} THEN 'LOCAL ' ELSE '' END`
  const few = foldText(`SELECT 'SET ' || ${choice(0)} || 'a.b = 1'`)
  expect(few).toHaveLength(2)
  expect(few?.some(({ isCut }) => isCut)).toBe(false)
  const many = `SELECT 'SET ' || ${choice(0)} || 'a.b = 1 -- ' || ${[1, 2, 3].map(choice).join(' || ')}`
  expect(foldText(many)?.every(({ isCut }) => isCut)).toBe(true)
  const whens = Array.from({ length: 9 }, (_, index) => `WHEN ${index} THEN 'SELECT ${index}'`).join(' ')
  expect(foldText(`SELECT CASE a ${whens} END`)?.every(({ isCut }) => isCut)).toBe(true)
  const values = new Map([['s', Array.from({ length: 9 }, (_, index) => `SELECT 'SELECT ${index}'`)]])
  expect(foldText('SELECT s', [], { values, saved: new Map() })?.every(({ isCut }) => isCut)).toBe(true)
})

it.each(['v', "format(v, 'a')", "v || ' FROM t'", "'SELECT ' || '('", "''"])(
  '%s builds a text that is not known',
  (expression) => expect(foldText(`SELECT ${expression}`)).toBeUndefined(),
)
