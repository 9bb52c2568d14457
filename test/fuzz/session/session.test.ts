import { describe, expect, test } from 'vitest'
import { generate } from './generate.ts'
import { playAll } from './crew.ts'
import { kinds } from './transaction.ts'

const count = 5000

describe('the fuzz of transactions', () => {
  test('generates the same transactions for the same seed, and others for another seed', () => {
    const madeOf = (seed: number): string[] =>
      Array.from({ length: 200 }, (_, index) => JSON.stringify(generate(seed, index)))
    expect(madeOf(1)).toEqual(madeOf(1))
    expect(madeOf(1)).not.toEqual(madeOf(2))
    expect(new Set(madeOf(1)).size).toBe(200)
  })

  test('finds no state in a live session that the guard has not reported', { timeout: 600_000 }, async () => {
    const { counts, misses, dirtyKinds } = await playAll(
      { seed: 1, first: 0, count, examineOneIn: 10, mode: 'warn' },
      2,
      () => undefined,
    )
    expect(misses).toEqual([])
    expect(counts.transactions).toBe(count)
    expect(counts.falseAlarms).toBeLessThan(counts.examined / 100)
    // The run proves little if few sessions are dirty, or none of some kind.
    expect(counts.dirty).toBeGreaterThan(count / 5)
    expect(kinds.filter((kind) => (dirtyKinds[kind] ?? 0) < count / 200)).toEqual([])
  })

  test('finds nothing in mode repair that is neither repaired nor reported', { timeout: 600_000 }, async () => {
    const { counts, misses } = await playAll(
      { seed: 3, first: 7500, count: 500, examineOneIn: 10, mode: 'repair' },
      2,
      () => undefined,
    )
    expect(misses).toEqual([])
    expect(counts.transactions).toBe(500)
  })
})
