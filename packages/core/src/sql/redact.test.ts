import { describe, expect, test } from 'vitest'
import { redact } from './redact.ts'

const longestShown = 301
/** Long texts that grow quadratically where any step looks back or ahead too far. */
const tenMillion = 10_000_000

describe('redact', () => {
  test.each([
    ["SELECT * FROM users WHERE name = 'secret' AND age > 42", 'SELECT * FROM users WHERE name = ? AND age > ?'],
    ["SELECT 'it''s a secret', ''", 'SELECT ?, ?'],
    ["SELECT E'secret\\n', 1", 'SELECT ?'],
    ["SELECT U&'secret', X'1f', b'101', n'secret'", 'SELECT ?, ?, ?, ?'],
    ["SELECT 'a'\n'secret'", 'SELECT ? ?'],
    ["EXECUTE foo('x', b'1010', B'1'\n'0')", 'EXECUTE foo(?, ?, ? ?)'],
    ['SELECT 1.5e-10, 1E+5, 0x1e+5, 1-2', 'SELECT ?, ?, ?+?, ?-?'],
    ['SELECT $$secret$$, $tag$secret $$ $ta$ secret$tag$, $é$secret$é$', 'SELECT ?, ?, ?'],
    ['SELECT $1, $2::int', 'SELECT $1, $2::int'],
    ['SELECT 1, 2.5, .5, 1e10, 1_000, 0xFF, 0b1, 1.', 'SELECT ?, ?, .?, ?, ?, ?, ?, ?'],
    ['SELECT a1, b$2$c, "d 3" FROM t_4', 'SELECT a1, b$2$c, "d 3" FROM t_4'],
    ['SELECT "a""b"', 'SELECT "a""b"'],
    ['/* secret /* secret */ secret */ SELECT /**/ a -- secret', 'SELECT a'],
    ['SELECT a -- secret\rFROM t -- secret\nWHERE b', 'SELECT a FROM t WHERE b'],
    ['  SELECT\n\t a,\r\n b  ', 'SELECT a, b'],
    ['', ''],
  ])('shows %j as %j', (sql, shown) => {
    expect(redact(sql)).toBe(shown)
  })

  test.each([
    ['SET app.token = secret', 'SET app.token = ?'],
    ['set session app.token to secret, more', 'set session app.token to ?'],
    ['SET LOCAL "app"."token" TO secret', 'SET LOCAL "app"."token" TO ?'],
    ['SET/* a */app.token/* b */=/* c */secret', 'SET app.token = ?'],
    ['SET x=secret', 'SET x= ?'],
    ['SET TIME ZONE secret', 'SET TIME ZONE ?'],
    ['SET LOCAL TIME ZONE secret', 'SET LOCAL TIME ZONE ?'],
    ['ALTER ROLE app SET app.token = secret', 'ALTER ROLE app SET app.token = ?'],
    ['ALTER DATABASE app SET app.token TO secret, more', 'ALTER DATABASE app SET app.token TO ?'],
    ['ALTER SYSTEM SET app.token = secret', 'ALTER SYSTEM SET app.token = ?'],
    [
      'CREATE FUNCTION f() RETURNS int LANGUAGE sql SET app.token = secret AS ?',
      'CREATE FUNCTION f() RETURNS int LANGUAGE sql SET app.token = ?',
    ],
    ['BEGIN; SET LOCAL x = secret; SELECT a', 'BEGIN; SET LOCAL x = ?; SELECT a'],
    ['UPDATE t SET a = b, c = d WHERE e = f', 'UPDATE t SET a = b, c = d WHERE e = f'],
    ['ALTER TABLE t SET (fillfactor = 70)', 'ALTER TABLE t SET (fillfactor = ?)'],
    [
      'CREATE TABLE t (a int REFERENCES u ON DELETE SET NULL, b int)',
      'CREATE TABLE t (a int REFERENCES u ON DELETE SET NULL, b int)',
    ],
    ['SET ROLE admin', 'SET ROLE admin'],
    ['SET TRANSACTION READ ONLY', 'SET TRANSACTION READ ONLY'],
  ])('takes the bare words that a setting gets for literals: %j', (sql, shown) => {
    expect(redact(sql)).toBe(shown)
  })

  test.each([
    "SELECT 'a\\' secret'",
    "SELECT 'a\\', 'secret'",
    "SELECT 'secret",
    "SELECT E'secret",
    'SELECT $a$ secret',
    'SELECT /* secret',
    'SELECT "a, secret',
    "SELECT \"a, 'secret'",
    'SELECT $1$a$secret$a$',
    'SELECT 1$a$secret$a$',
    "SELECT a$b$'secret'",
    "SELECT '\u2019secret\u00a0'",
    "\ufeffSET x = 'secret'",
    '\ufeffSET x = secret',
    "SELECT 1;SELECT 'secret'",
    'SELECT\u00a09$a$"z"$a$secret$a$',
    'SELECT\u00a0$a$,$a$secret$a$',
    "SELECT\ufeff$a$ ' $a$ secret'",
    `SELECT ${'a, '.repeat(98)}'secret'`,
  ])('shows no literal of %j', (sql) => {
    expect(redact(sql)).not.toContain('secret')
  })

  test('shows nothing of a text but its words, whatever surrounds a literal', () => {
    const quotes = [
      (text: string) => `'${text}'`,
      (text: string) => `$q$${text}$q$`,
      (text: string) => `/* ${text} */1`,
      (text: string) => `-- ${text}\n1`,
    ]
    const pieces = ['SELECT ', "'', ", '$$ $$, ', '"a ""\'", ', "/* ' */", '-- "\n', '1.5, ', 'E, ', '$1, ']
    for (const first of pieces) {
      for (const second of pieces) {
        for (const quote of quotes) expect(redact(`SELECT ${first}${second}${quote('secret')}`)).not.toContain('secret')
      }
    }
  })

  test('cuts what is longer than 300 characters', () => {
    const shown = redact(`SELECT ${'a, '.repeat(1000)}b`)
    expect(shown).toHaveLength(longestShown)
    expect(shown).toMatch(/…$/)
  })

  test.each([
    ['a string', `SELECT '${'x'.repeat(tenMillion)}'`],
    ['an unterminated string', `SELECT '${'x'.repeat(tenMillion)}`],
    ['a name', `SELECT ${'x'.repeat(tenMillion)}`],
    ['a quoted name', `SELECT "${'x'.repeat(tenMillion)}"`],
    ['an unterminated quoted name', `SELECT "${'x'.repeat(tenMillion)}`],
    ['quotes', '"'.repeat(tenMillion)],
    ['a number', `SELECT ${'1'.repeat(tenMillion)}`],
    ['white space', ' '.repeat(tenMillion)],
    ['open comments', '/*'.repeat(tenMillion / 2)],
    ['dollars', '$a'.repeat(tenMillion / 2)],
    ['a list behind SET', `SET x = ${'a,'.repeat(tenMillion / 2)}`],
    ['a setting name', `SET ${'x.'.repeat(tenMillion / 2)}`],
  ])('reads ten million characters to their end: %s', (_name, sql) => {
    expect(redact(sql).length).toBeLessThanOrEqual(longestShown)
  })
})
