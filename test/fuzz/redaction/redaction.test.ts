import { describe, expect, test } from 'vitest'
import { redactionTally } from './leaks.ts'
import { markedText } from './marked-text.ts'
import { secretMarks, secretTokens, tokenTypes } from './secret-marks.ts'

describe('the fuzz of the redaction', () => {
  test('finds no secret in what is shown of a text', () => {
    const { leaks, read, secrets } = redactionTally(1, 0, 5_000)
    expect(leaks).toEqual([])
    expect(read).toBeGreaterThan(2_000)
    expect(secrets).toBeGreaterThan(5_000)
  })

  test.each([
    "'a'",
    "E'a'",
    "b'1'",
    "x'1f'",
    "U&'a'",
    '$$a$$',
    '$a$a$a$',
    '1',
    '1.5',
    '1e5',
    '0xff',
    '/* a */',
    '-- a',
  ])('takes the token %s for a secret', (sql) => {
    expect(tokenTypes(sql).map((type) => secretTokens.has(type))).toEqual([true])
  })

  test.each(['a', '"a"', 'U&"a"', '$1', '+', 'select'])('takes the token %s for no secret', (sql) => {
    expect(tokenTypes(sql).map((type) => secretTokens.has(type))).toEqual([false])
  })

  test.each([
    ["SELECT 'm1', m2", ['m1']],
    ["SELECT 'a\\', m1, '", ['m1']],
    ['SET a = m1, m2', ['m1', 'm2']],
    ['SET ROLE m1', []],
    ['SELECT "m1" /* m2 */', ['m2']],
  ])('knows the secrets of %s', (sql, secrets) => {
    expect([...(secretMarks({ sql, marks: ['m1', 'm2'] }) ?? [])]).toEqual(secrets)
  })

  test('makes the same text of the same seed and number', () => {
    expect(markedText(1, 2)).toEqual(markedText(1, 2))
    expect(markedText(1, 2)).not.toEqual(markedText(1, 3))
  })
})
