import { describe, expect, it } from 'vitest'
import { Timings } from './histogram.ts'

function of(...millis: number[]): Timings {
  const timings = new Timings()
  for (const each of millis) timings.add(each)
  return timings
}

describe('timings', () => {
  it('show each duration as soon as it is added', () => {
    const timings = of(2)
    expect(timings.durations.summary()).toMatchObject({ count: 1, sumMillis: 2, maxMillis: 2 })
    timings.add(0)
    timings.add(4)
    expect(timings.histogram.snapshot()).toMatchObject({ sumMillis: 6, maxMillis: 4 })
    expect(timings.durations.count).toBe(3)
  })

  it('count durations of 0 in the first bucket', () => {
    expect(of(0, 0, 0).histogram.snapshot().counts[0]).toBe(3)
    expect(of(0, 0, 0, 8).durations.quantile(0.5)).toBeLessThanOrEqual(0.001)
  })

  it.each([1, 63, 64, 65, 128, 1000])('count %i durations once each, in both ways', (count) => {
    const timings = of(...Array.from({ length: count }, (_, index) => index % 7))
    const { counts, sumMillis } = timings.histogram.snapshot()
    expect(counts.reduce((sum, each) => sum + each, 0)).toBe(count)
    expect(timings.durations.summary()).toMatchObject({ count, sumMillis })
    expect(timings.durations.count).toBe(count)
  })
})
