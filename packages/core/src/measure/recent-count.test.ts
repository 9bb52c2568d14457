import { describe, expect, it } from 'vitest'
import { longestRecentMillis, RecentCount } from './recent-count.ts'

describe('a recent count', () => {
  it('is 0 before anything happens', () => {
    expect(new RecentCount().within(longestRecentMillis, 5)).toBe(0)
  })

  it.each([0, 999, 123_456, 1e9])(
    'counts what happened within the time, up to a second more, from %s ms on',
    (start) => {
      const count = new RecentCount()
      for (const after of [0, 400, 1000, 30_000]) count.add(start + after)
      expect(count.within(60_000, start + 30_000)).toBe(4)
      expect(count.within(60_000, start + 60_000)).toBe(4)
      expect(count.within(60_000, start + 63_000)).toBe(1)
      expect(count.within(1000, start + 30_500)).toBe(1)
      expect(count.within(1000, start + 32_000)).toBe(0)
      expect(count.within(60_000, start + 92_000)).toBe(0)
    },
  )

  it('forgets a minute that is over when its place is needed again', () => {
    const count = new RecentCount()
    for (let now = 0; now < 600_000; now += 500) count.add(now)
    expect(count.within(60_000, 599_999)).toBe(122)
    expect(count.within(10_000, 599_999)).toBe(22)
  })
})
