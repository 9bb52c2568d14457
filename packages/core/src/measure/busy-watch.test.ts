import { expect, test } from 'vitest'
import { BusyWatch } from './busy-watch.ts'
import type { Clock } from './clock.ts'

/** A clock that stands still until it is set. Nothing that is to happen later happens. */
class StoppedClock implements Clock {
  time = 0

  now(): number {
    return this.time
  }

  after(): () => void {
    return () => {}
  }
}

/** The event loop was blocked from the 100th millisecond until this one. */
function busyUntil(until: number): BusyWatch {
  const clock = new StoppedClock()
  const watch = new BusyWatch(clock, () => true)
  watch.start()
  clock.time = until
  expect(watch.busyMillis(0, until)).toBe(until - 100)
  return watch
}

test('the next answer has 250 ms after a process was busy', () => {
  expect(busyUntil(2100).graceUntil(2100)).toBe(2350)
})

test('while one call after the other is served, those behind it wait on', () => {
  const watch = busyUntil(2100)
  watch.served(2300)
  expect(watch.graceUntil(2100)).toBe(2550)
})

test('no call waits beyond the limit for longer than the process was busy', () => {
  const watch = busyUntil(2100)
  watch.served(4050)
  expect(watch.graceUntil(2100)).toBe(4100)
  expect(busyUntil(300).graceUntil(300)).toBe(500)
})
