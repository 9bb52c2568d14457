import { describe, expect, it } from 'vitest'
import { Durations } from './durations.ts'

function of(...millis: number[]): Durations {
  const durations = new Durations()
  for (const each of millis) durations.add(each)
  return durations
}

describe('durations', () => {
  it('have no quantile while there are none', () => {
    expect(of().summary()).toEqual({ count: 0, sumMillis: 0, maxMillis: 0, p50Millis: 0, p95Millis: 0, p99Millis: 0 })
  })

  it('are counted and summed exactly', () => {
    expect(of(1.5, 2.5, 4).summary()).toMatchObject({ count: 3, sumMillis: 8, maxMillis: 4 })
  })

  it.each([0.001, 0.015, 0.016, 0.031, 0.032, 0.9, 1, 17.3, 250, 999, 5000, 60_000, 1_800_000])(
    'tell %s ms within 6.25 %%, never below it',
    (millis) => {
      const durations = of(millis, 10_000_000)
      expect(durations.quantile(0.5)).toBeGreaterThanOrEqual(millis)
      expect(durations.quantile(0.5)).toBeLessThanOrEqual(Math.max(millis * 1.0626, millis + 0.0011))
    },
  )

  it('tell the median and the tail of a thousand', () => {
    const { p50Millis, p95Millis, p99Millis } = of(...Array.from({ length: 1000 }, (_, index) => index + 1)).summary()
    expect(p50Millis / 500).toBeCloseTo(1.03, 1)
    expect(p95Millis / 950).toBeCloseTo(1.03, 1)
    expect(p99Millis / 990).toBeCloseTo(1.0, 1)
  })

  it('are never more than the longest', () => {
    expect(of(7).quantile(0.99)).toBe(7)
  })

  it('over 35 minutes are in the last bucket, and the longest is exact', () => {
    expect(of(10_000_000).summary()).toMatchObject({ maxMillis: 10_000_000, count: 1 })
  })
})
