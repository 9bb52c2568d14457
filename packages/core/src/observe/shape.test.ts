import { describe, expect, it } from 'vitest'
import { formOf, Shape } from './shape.ts'

function fingerprintOf(sql: string): string {
  return new Shape(formOf(sql)).fingerprint
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
    ['the length of an array', 'SELECT * FROM a WHERE b = ANY (ARRAY[1, 2])', 'SELECT * FROM a WHERE b = ANY (ARRAY[1, 2, 3])'],
    ['the number of rows', 'INSERT INTO a VALUES ($1, $2), ($3, $4)', 'INSERT INTO a VALUES ($1, $2)'],
    ['the number of rows with calls', 'INSERT INTO a VALUES ($1, now()), ($2, now())', 'INSERT INTO a VALUES ($1, now())'],
  ])('is the same whatever %s', (_what, one, other) => {
    expect(fingerprintOf(other)).toBe(fingerprintOf(one))
  })

  it.each([
    ['tables', 'SELECT * FROM a', 'SELECT * FROM b'],
    ['quoted names of another case', 'SELECT * FROM "User"', 'SELECT * FROM "user"'],
    ['columns', 'SELECT * FROM a WHERE b = $1', 'SELECT * FROM a WHERE c = $1'],
    ['verbs', 'SELECT * FROM a', 'DELETE FROM a'],
    ['a list of columns', 'INSERT INTO a (b, c) VALUES ($1, $2)', 'INSERT INTO a (b) VALUES ($1)'],
  ])('differs for %s', (_what, one, other) => {
    expect(fingerprintOf(other)).not.toBe(fingerprintOf(one))
  })

  it('is the same in every release', () => {
    expect(fingerprintOf('SELECT * FROM orders WHERE id = $1')).toBe('75fbcd9888404df8')
  })

  it('reads no more than the first 16,384 characters, so that a text of 10 MB costs no more', () => {
    const columns = Array.from({ length: 5000 }, (_, index) => `c${index}`).join(', ')
    expect(fingerprintOf(`SELECT ${columns} FROM a`)).toBe(fingerprintOf(`SELECT ${columns} FROM b`))
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
    ['VACUUM orders', 'other', 'VACUUM'],
    ['transaction', 'other', 'TRANSACTION'],
    ['(SELECT 1)', 'select', 'SELECT'],
    ['', 'other', 'statement'],
  ])('of %s is of a kind and has a summary', (sql, kind, summary) => {
    const shape = new Shape(formOf(sql))
    expect([shape.kind, shape.summary]).toEqual([kind, summary])
  })
})
