import { describe, expect, it } from 'vitest'
import { normalise } from '../../sql/normalise.ts'
import { formOf } from './shape-form.ts'
import { Shape } from './shape.ts'

function fingerprintOf(sql: string): string {
  return new Shape(formOf(normalise(sql))).fingerprint
}

function parameters(count: number): string {
  return Array.from({ length: count }, (_, index) => `$${index + 1}`).join(', ')
}

describe('a fingerprint', () => {
  it.each([
    ['values', "SELECT * FROM a WHERE b = 1 AND c = 'x'", "SELECT * FROM a WHERE b = 22 AND c = 'it''s'"],
    ['values and parameters', 'SELECT * FROM a WHERE b = 1', 'SELECT * FROM a WHERE b = $1'],
    ['the numbers of parameters', 'SELECT $1, $2', 'SELECT $2, $1'],
    ['comments', 'SELECT 1 /* traceparent 00-ab */', 'SELECT 1 -- by hand'],
    ['white space', 'SELECT  a\n  FROM b', 'SELECT a FROM b'],
    ['blanks beside signs', 'SELECT a,b FROM c WHERE d=$1', 'SELECT a, b FROM c WHERE d = $1'],
    ['the case of words', 'select a from b', 'SELECT A FROM B'],
    ['the length of a list', 'SELECT * FROM a WHERE b IN ($1, $2, $3)', 'SELECT * FROM a WHERE b IN ($1)'],
    [
      'the length of a list with casts',
      'SELECT * FROM a WHERE b IN ($1::int, $2::int)',
      'SELECT * FROM a WHERE b IN ($1::int, $2::int, $3::int)',
    ],
    [
      'the length of an array',
      'SELECT * FROM a WHERE b = ANY (ARRAY[1, 2])',
      'SELECT * FROM a WHERE b = ANY (ARRAY[1, 2, 3])',
    ],
    ['the number of rows', 'INSERT INTO a VALUES ($1, $2), ($3, $4)', 'INSERT INTO a VALUES ($1, $2)'],
    [
      'the number of tuples',
      'SELECT * FROM a WHERE (b, c) IN (($1, $2), ($3, $4))',
      'SELECT * FROM a WHERE (b, c) IN (($1, $2))',
    ],
    [
      'the number of conditions',
      'SELECT * FROM a WHERE (("b" = $1 AND "c" = $2) OR ("b" = $3 AND "c" = $4)) AND 1=1',
      'SELECT * FROM a WHERE (("b" = $1 AND "c" = $2)) AND 1=1',
    ],
    [
      'the number of equalities',
      'SELECT * FROM a WHERE ("b" = $1 or "b" = $2 or "b" = $3)',
      'SELECT * FROM a WHERE ("b" = $1)',
    ],
    ['signs in a list', 'SELECT * FROM a WHERE b IN (-1, 2, +3)', 'SELECT * FROM a WHERE b IN (1)'],
    ['NULL in a list', 'SELECT * FROM a WHERE b IN (1, NULL)', 'SELECT * FROM a WHERE b IN (1)'],
    [
      'how a literal is written',
      "SELECT * FROM a WHERE b IN (E'x', 'y', U&'z', .5)",
      "SELECT * FROM a WHERE b IN ('x')",
    ],
    ['DEFAULT in rows', 'INSERT INTO a VALUES (DEFAULT, $1), ($2, DEFAULT)', 'INSERT INTO a VALUES ($1, $2)'],
    ['the length of a long list', `SELECT f(ARRAY[${parameters(10_000)}])`, `SELECT f(ARRAY[${parameters(100)}])`],
    ['the length of a long list of values', `SELECT a IN (${'1, '.repeat(1000)}1)`, 'SELECT a IN (1)'],
    [
      'the number of many rows',
      `INSERT INTO a VALUES ${'($1,$2), '.repeat(20_000)}($1,$2)`,
      'INSERT INTO a VALUES ($1, $2)',
    ],
    [
      'the number of rows with calls',
      'INSERT INTO a VALUES ($1, now()), ($2, now())',
      'INSERT INTO a VALUES ($1, now())',
    ],
  ])('is the same whatever %s', (_what, one, other) => {
    expect(fingerprintOf(other)).toBe(fingerprintOf(one))
  })

  it.each([
    ['tables', 'SELECT * FROM a', 'SELECT * FROM b'],
    ['quoted names of another case', 'SELECT * FROM "User"', 'SELECT * FROM "user"'],
    ['columns', 'SELECT * FROM a WHERE b = $1', 'SELECT * FROM a WHERE c = $1'],
    ['verbs', 'SELECT * FROM a', 'DELETE FROM a'],
    ['what AND holds on to', 'SELECT * FROM a WHERE b = $1 OR b = $2 AND c', 'SELECT * FROM a WHERE b = $1 AND c'],
    ['conditions', 'SELECT * FROM a WHERE (b = $1) OR (c = $2)', 'SELECT * FROM a WHERE (b = $1)'],
    ['calls in rows', 'INSERT INTO a VALUES ($1, now())', 'INSERT INTO a VALUES ($1, $2)'],
    ['a list of columns', 'INSERT INTO a (b, c) VALUES ($1, $2)', 'INSERT INTO a (b) VALUES ($1)'],
  ])('differs for %s', (_what, one, other) => {
    expect(fingerprintOf(other)).not.toBe(fingerprintOf(one))
  })

  it('is the same in every release', () => {
    expect(fingerprintOf('SELECT * FROM orders WHERE id = $1')).toBe('75fbcd9888404df8')
  })

  it('reads no more than the first 4,096 characters, so that a text of 10 MB costs no more', () => {
    const columns = Array.from({ length: 5000 }, (_, index) => `c${index}`).join(', ')
    expect(fingerprintOf(`SELECT ${columns} FROM a`)).toBe(fingerprintOf(`SELECT ${columns} FROM b`))
  })
})

describe('the form of a text', () => {
  it.each([
    '(',
    ')',
    '((',
    '(a',
    '(()',
    'values (',
    'values (()',
    'values (a)',
    'in (',
    'in ((a),',
    '(a) or ',
    '(a or ',
    'a = 1 or ',
    'a or ',
    '(1::',
    '(1::a,',
    '(-',
    '[1,',
    '1,',
    '- ',
    "e'a'",
    '"a" ',
    '"',
    "''",
    "'",
    'null,',
    '(default',
    ' ',
    '/**/',
    '--\n',
    '$',
    '$1',
    '$1, ',
    '$1,$2 ',
    'a.',
    '.5',
    '::',
  ])('is made of many %j in one go', (piece) => {
    const short = formOf(`SELECT ${piece.repeat(16_384 / piece.length)}`)
    expect(short.length).toBeLessThanOrEqual(4097)
    expect(formOf(`SELECT ${piece.repeat(4_000_000 / piece.length)}`).length).toBeLessThanOrEqual(4097)
  })
})

describe('a shape', () => {
  it('shows no literal and at most 300 characters', () => {
    const { statement } = new Shape(
      formOf(`SELECT 'secret', ${Array.from({ length: 200 }, (_, index) => `column${index}`).join(', ')} FROM a`),
    )
    expect(statement).not.toContain('secret')
    expect(statement).toHaveLength(301)
    expect(statement).toMatch(/^SELECT \?, column0, .*…$/)
  })

  it.each([
    ['SELECT * FROM public.orders o WHERE id = $1', 'select', 'SELECT public.orders'],
    ['SELECT "public"."User"."id" FROM "public"."User" WHERE 1=1', 'select', 'SELECT public.User'],
    ['SELECT 1', 'select', 'SELECT'],
    ['/* a */ insert into orders values (1)', 'insert', 'INSERT orders'],
    ['UPDATE only orders SET a = 1', 'update', 'UPDATE orders'],
    ['DELETE FROM orders', 'delete', 'DELETE orders'],
    ['MERGE INTO orders USING a ON true WHEN MATCHED THEN DELETE', 'merge', 'MERGE orders'],
    ['WITH a AS (SELECT * FROM b) SELECT * FROM a', 'with', 'WITH b'],
    ['COPY orders FROM STDIN', 'copy', 'COPY orders'],
    ['BEGIN', 'transaction', 'BEGIN'],
    ['START TRANSACTION', 'transaction', 'START'],
    ['ROLLBACK TO a', 'transaction', 'ROLLBACK'],
    ['release savepoint a', 'transaction', 'RELEASE'],
    ['VACUUM (FULL) orders', 'other', 'VACUUM orders'],
    ['VACUUM FULL', 'other', 'VACUUM'],
    ['ANALYZE', 'other', 'ANALYZE'],
    ['ANALYZE VERBOSE orders', 'other', 'ANALYZE orders'],
    ['TRUNCATE TABLE ONLY orders', 'other', 'TRUNCATE orders'],
    ['LOCK TABLE orders IN SHARE MODE', 'other', 'LOCK orders'],
    ['REFRESH MATERIALIZED VIEW CONCURRENTLY totals', 'other', 'REFRESH totals'],
    ['CREATE TEMP TABLE IF NOT EXISTS orders (id int)', 'other', 'CREATE orders'],
    ['CREATE UNIQUE INDEX CONCURRENTLY i ON orders (id)', 'other', 'CREATE orders'],
    ['ALTER TABLE IF EXISTS "Order" ADD COLUMN a int', 'other', 'ALTER Order'],
    ['DROP INDEX i', 'other', 'DROP i'],
    ['CREATE ROLE r', 'other', 'CREATE'],
    ['SELECT extract(year FROM d) FROM orders', 'select', 'SELECT orders'],
    ['SELECT extract(year FROM now())', 'select', 'SELECT'],
    ['SELECT trim(both from (x)) FROM orders', 'select', 'SELECT orders'],
    ['SELECT (SELECT max(a) FROM b) FROM orders', 'select', 'SELECT orders'],
    ['SELECT a IS DISTINCT FROM b FROM orders', 'select', 'SELECT orders'],
    ['SELECT count(*) FROM (SELECT * FROM orders WHERE "a (" = 1) AS o', 'select', 'SELECT orders'],
    ['(SELECT 1 FROM a) UNION (SELECT 2 FROM b)', 'select', 'SELECT a'],
    ['WITH a (b) AS (SELECT 1) INSERT INTO orders SELECT b FROM a', 'with', 'WITH orders'],
    ['EXPLAIN ANALYZE SELECT * FROM orders', 'other', 'EXPLAIN orders'],
    ['transaction', 'other', 'TRANSACTION'],
    ['(SELECT 1)', 'select', 'SELECT'],
    ['', 'other', 'statement'],
  ])('of %s is of a kind and has a summary', (sql, kind, summary) => {
    const shape = new Shape(formOf(sql))
    expect([shape.kind, shape.summary]).toEqual([kind, summary])
  })
})
