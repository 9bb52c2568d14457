import { expect, it } from 'vitest'
import { ServerClock } from './server-clock.ts'

const noon = 1_800_000_000_000
const hour = 3_600_000

it('a clock that goes like ours has not jumped, whatever the answers take', () => {
  const clock = new ServerClock()
  for (let at = 0; at < 100_000; at += 1000) clock.note(noon + at + (at % 7) * 50, at, at + 400)
  expect(clock.aheadAt(100_000, 300_000)).toBe(0)
})

it('a clock that is set forward is ahead, until the period is over', () => {
  const clock = new ServerClock()
  clock.note(noon, 0, 5)
  clock.note(noon + hour + 1000, 1000, 1005)
  expect(clock.aheadAt(2000, 300_000)).toBe(hour - 5)
  clock.note(noon + hour + 2000, 2000, 2005)
  expect(clock.aheadAt(301_000, 300_000)).toBe(hour - 5)
  expect(clock.aheadAt(301_005, 300_000)).toBe(0)
})

it('a clock that is set back only makes connections look busier', () => {
  const clock = new ServerClock()
  clock.note(noon, 0, 5)
  clock.note(noon - hour, 1000, 1005)
  expect(clock.aheadAt(1005, 300_000)).toBe(0)
})
