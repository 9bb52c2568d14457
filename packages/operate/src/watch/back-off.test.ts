import { expect, it } from 'vitest'
import { BackOff } from './back-off.ts'

it('doubles the pause up to the interval, and begins again after a success', () => {
  const backOff = new BackOff(60_000)
  const pauses = Array.from({ length: 8 }, () => backOff.failedAt(0) / 1000)
  expect(pauses).toEqual([2, 4, 8, 16, 32, 60, 60, 60])
  expect(backOff.waitAt(50_000)).toBe(10_000)
  backOff.reset()
  expect(backOff.waitAt(0)).toBe(0)
  expect(backOff.failedAt(0)).toBe(2000)
})
