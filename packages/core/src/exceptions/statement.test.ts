import { engineOf } from '../guard/brand.ts'
import { describe, expect, test } from 'vitest'
import { redact } from '../sql/redact.ts'
import { createGuard } from '../guard/guard.ts'
import { rules } from '../rules/index.ts'
import { matchStatement } from './statement.ts'

describe('a statement of an exception', () => {
  test.each([
    ['SET work_mem = ?', "SET work_mem = '64MB'"],
    ['SET work_mem = ?', 'set WORK_MEM\n =\t 65536 ;'],
    ['SET work_mem = ?', '/* a comment */ SET work_mem = 1 -- another\n;;'],
    ["SET work_mem = 'written as in the code';", 'SET work_mem = 1'],
    ['SELECT "Name", set_config(?, $1, false)', 'select "Name", SET_CONFIG(\'a.b\', $1, FALSE)'],
    ['SELECT "a  b"', 'select "a  b"'],
  ])('%j is %j', (statement, sql) => {
    expect(matchStatement(statement)(sql)).toBe(true)
  })

  test.each([
    ['SET work_mem = ?', 'SET work_mem = 1; LISTEN a'],
    ['SET work_mem = ?', 'SET lock_timeout = 1'],
    ['SELECT "Name", set_config(?, $1, false)', 'SELECT "name", set_config(?, $1, false)'],
    ['SELECT "a b"', 'SELECT "a  b"'],
    ['SET x = ?', "SET x = 'a\\b'; SET search_path = evil"],
    ['SET x = ?', "SET x = 'a\\b'"],
  ])('%j is not %j', (statement, sql) => {
    expect(matchStatement(statement)(sql)).toBe(false)
  })

  test('that a message has cut is compared as far as the message goes', () => {
    const columns = Array.from({ length: 100 }, (_, index) => `column_${index}`).join(', ')
    const sql = `SELECT ${columns}, set_config('a', 'b', false)`
    const shown = redact(sql)
    expect(shown).toMatch(/…$/)
    expect(matchStatement(shown)(sql)).toBe(true)
    expect(matchStatement(shown)(sql.replace('column_0,', 'other,'))).toBe(false)
    expect(matchStatement(`SELECT ${columns}`)(sql)).toBe(false)
    expect(matchStatement(sql)(sql)).toBe(true)
    expect(matchStatement(sql)(sql.replace('column_99', 'other'))).toBe(false)
  })

  const unsafe = rules.flatMap(({ examples }) =>
    examples.unsafe.map((example) => (typeof example === 'string' ? example : example.sql)),
  )

  test.each(unsafe.filter((sql) => !sql.includes('\\')))('may be taken from a message: %s', (sql) => {
    expect(matchStatement(redact(sql))(sql)).toBe(true)
  })

  test('is pasted from the row of a message', () => {
    const sql = "SELECT id, set_config('app.tenant', 'secret', false) FROM t WHERE \"Kind\" = 'a'"
    const refuse = (guard = createGuard()): Error | undefined =>
      engineOf(guard).refuse(sql, engineOf(guard).analyze(sql), { pinned: true }, refuse)
    const message = refuse(createGuard({ mode: 'strict' }))?.message ?? ''
    const statement = /^ *statement {2}(.*)$/m.exec(message)?.[1] ?? ''
    const exceptions = [{ rule: 'session/set-config', statement, reason: 'the tenant is the only user' }] as const
    expect(refuse(createGuard({ mode: 'strict', exceptions }))).toBeUndefined()
  })

  const long = 10_000_000
  test.each([
    ['semicolons', ';'.repeat(long)],
    ['quotes', '"'.repeat(long)],
    ['strings with backslashes', "'\\'".repeat(long / 3)],
    ['a long list', `SET x = ${'1,'.repeat(long / 2)}1`],
  ])('is compared with ten million characters: %s', (_name, sql) => {
    expect(matchStatement('SET y = ?')(sql)).toBe(false)
  })
})

test.each([
  ["SELECT set_config('app.tenant', $1, false)", "SELECT set_config('app.tenant', $1, false)", true],
  ["SELECT set_config('app.tenant', $1, false)", "SELECT set_config('search_path', $1, false)", false],
  ['SELECT set_config(?, $1, false)', "SELECT set_config('search_path', $1, false)", true],
  ['SELECT set_config(?, $1, false) -- note', "SELECT set_config('search_path', $1, false)", true],
  ['SELECT pg_advisory_lock(42)', 'SELECT pg_advisory_lock(42)', true],
  ['SELECT pg_advisory_lock(42)', 'SELECT pg_advisory_lock(43)', false],
  ["SET work_mem = '64MB'", "SET work_mem = '1GB'", true],
])('a statement with its literals is for what they name alone: %s, %s', (statement, sql, isMatched) => {
  expect(matchStatement(statement)(sql)).toBe(isMatched)
})
