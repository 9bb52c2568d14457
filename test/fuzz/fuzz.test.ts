import { describe, expect, test } from 'vitest'
import { generate } from './generate.ts'
import { grownTooFast, growthOf } from './growth.ts'
import { minimised } from './minimise.ts'
import { tallyOf } from './tally.ts'
import { asUnescapedStrings } from './unescaped.ts'
import { weakenedScans } from './weakened.ts'

describe('the fuzz', () => {
  test('makes the same texts of the same seed, and others of another', () => {
    const textsOf = (seed: number): string[] => Array.from({ length: 200 }, (_, index) => generate(seed, index))
    expect(textsOf(1)).toEqual(textsOf(1))
    expect(textsOf(1)).not.toEqual(textsOf(2))
    expect(new Set(textsOf(1)).size).toBeGreaterThan(150)
  })

  test('finds no fault with the scan, and each of the weakened scans out', () => {
    const { counts, failures, missedBy } = tallyOf({ seed: 1, first: 0, count: 20_000 })
    expect(failures).toEqual([])
    expect(counts.texts).toBe(20_000)
    expect([...weakenedScans.keys()].filter((hole) => missedBy[hole] === undefined)).toEqual([])
  })

  test('leaves out of a text what the failure does not need', () => {
    expect(minimised('select a, (b), c from d', (text) => /\(.*c/.test(text))).toBe('(c')
  })

  test.each([
    ["SELECT 'a\\' b'", "SELECT  E'a\\' b'"],
    ["SELECT E'a\\'' 'b'", "SELECT E'a\\''  E'b'"],
    ["SELECT 'a' -- '\n'b', 'c'", "SELECT  E'a' -- '\n'b',  E'c'"],
    [`/* ' /* ' */ */ "a'" $a$ ' $a$ 'b' -- '`, `/* ' /* ' */ */ "a'" $a$ ' $a$  E'b' -- '`],
    ["SELECT U&'a', x'1F', a$$'b'", "SELECT U&'a', x'1F', a$$ E'b'"],
  ])('reads %s without standard-conforming strings', (sql, read) => {
    expect(asUnescapedStrings(sql)).toBe(read)
  })
})

describe('the growth of the analysis', () => {
  let steps = 0
  const spend = (count: number): void => {
    for (let step = 0; step < count; step++) steps += step % 7
  }

  test('is accepted if the work is linear', () => {
    expect(grownTooFast([growthOf('SELECT #', (sql) => spend(sql.length * 200))])).toEqual([])
    expect(steps).toBeGreaterThan(0)
  })

  test('is reported if the work is quadratic', () => {
    expect(grownTooFast([growthOf('SELECT #', (sql) => spend(sql.length ** 2 / 200))])).toEqual([
      expect.stringMatching(/^The analysis is not linear for "SELECT #": [234]/),
    ])
  })
})
