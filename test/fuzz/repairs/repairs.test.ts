import { describe, expect, test } from 'vitest'
import { repairableText } from './repairable-text.ts'
import { withoutRepairs } from './same-otherwise.ts'
import { repairTally } from './try-repairs.ts'

describe('the fuzz of the repairs', () => {
  test('finds no repair that changes anything else, or leaves a text unsafe', () => {
    const { failures, repaired, byRule } = repairTally(1, 0, 3_000)
    expect(failures).toEqual([])
    expect(repaired).toBeGreaterThan(300)
    expect(Object.keys(byRule)).toHaveLength(5)
  })

  test('makes the same text of the same seed and number', () => {
    const textsOf = (seed: number): string[] => Array.from({ length: 50 }, (_, index) => repairableText(seed, index))
    expect(textsOf(1)).toEqual(textsOf(1))
    expect(textsOf(1)).not.toEqual(textsOf(2))
  })

  test.each([
    ['SET a = 1', 'SET LOCAL a = 1'],
    ["SELECT set_config('a', 'b', false)", "SELECT set_config('a', 'b', true)"],
    ['CREATE TEMP TABLE t ()', 'CREATE TEMP TABLE t () ON COMMIT DROP'],
    ['SELECT 1 INTO TEMP t UNION SELECT 2', 'CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 1 UNION SELECT 2'],
    ['SELECT pg_advisory_lock(1)::text', 'SELECT pg_advisory_xact_lock(1)::text AS pg_advisory_lock'],
  ])('takes %s and %s for the same', (one, other) => {
    expect(withoutRepairs(one)).toBe(withoutRepairs(other))
  })

  test.each([
    ['SET a = 1', 'SET LOCAL a = 2'],
    ["SELECT set_config('a', 'b', false)", "SELECT set_config('a', 'c', true)"],
    ['CREATE TEMP TABLE t ()', 'CREATE TABLE t ()'],
    ['SELECT 1 INTO TEMP t', 'CREATE TEMP TABLE u ON COMMIT DROP AS SELECT 1'],
    ['SELECT pg_advisory_lock(1)', 'SELECT pg_advisory_xact_lock(2) AS pg_advisory_lock'],
    ['SELECT pg_advisory_lock(1)', 'SELECT pg_advisory_xact_lock_shared(1)'],
  ])('takes %s and %s for two', (one, other) => {
    expect(withoutRepairs(one)).not.toBe(withoutRepairs(other))
  })
})
