import { expect, it } from 'vitest'
import { races, storm } from './storm.ts'

it('300 clients of three applications at a limit of 100: only idle ones of its own go, and new ones get in', async () => {
  const { others, closed, terminations } = await storm(4)
  expect(closed).toBeGreaterThan(20)
  expect(terminations.all).toBe(closed)
  expect(terminations.byApplication).toEqual({ 'shop-api': closed })
  // A client that wakes up between the last look and the signal. Once in some thousand closings, on a busy machine.
  expect(terminations.inUse.length).toBeLessThanOrEqual(1)
  expect(others.flatMap(({ failed }) => failed)).toEqual([])
  for (const { longestWaitMillis } of others) expect(longestWaitMillis).toBeLessThan(60_000)
})

it('clients that wake up as they are closed: no transaction that was open before is hit', async () => {
  const { others, closed, terminations } = await races(150)
  expect(terminations.all).toBe(closed)
  expect(terminations.byApplication).toEqual({ 'shop-racer': closed })
  expect(others.map(({ failed }) => failed)).toEqual([[]])
  expect(terminations.inUse.length).toBeLessThan(closed / 30)
})
