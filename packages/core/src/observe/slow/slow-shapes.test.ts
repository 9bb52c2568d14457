import { expect, test } from 'vitest'
import { Shape } from '../shape/shape.ts'
import { SlowShapes } from './slow-shapes.ts'

const minute = 60_000

test('lines are taken of a shape that was slow until it was quiet for a minute', () => {
  const shapes = new SlowShapes(1000)
  const shape = new Shape('SELECT ?')
  shapes.strike(shape, 0)
  shapes.strike(shape, minute)
  expect([shapes.wantsSite(shape, 2 * minute), shape.isStruck]).toEqual([true, true])
  expect([shapes.wantsSite(shape, 2 * minute + 1), shape.isStruck]).toEqual([false, false])
  shapes.strike(shape, 3 * minute)
  expect(shapes.wantsSite(shape, 3 * minute)).toBe(true)
})

test('a longer interval of reports is a longer quiet', () => {
  const shapes = new SlowShapes(5 * minute)
  const shape = new Shape('SELECT ?')
  shapes.strike(shape, 0)
  expect(shapes.wantsSite(shape, 5 * minute)).toBe(true)
  expect(shapes.wantsSite(shape, 5 * minute + 1)).toBe(false)
})

test('after a stall, in which every shape is slow, few lines are taken of all of them together', () => {
  const shapes = new SlowShapes(minute)
  const all = Array.from({ length: 1000 }, (_, index) => new Shape(`SELECT c${index}`))
  for (const shape of all) shapes.strike(shape, 0)
  const startedAt = performance.now()
  const taken = Array.from({ length: 20 }, () => all.filter((shape) => shapes.wantsSite(shape, 1))).flat().length
  const seconds = Math.floor((performance.now() - startedAt) / 1000)
  expect(taken).toBeGreaterThanOrEqual(50)
  expect(taken).toBeLessThanOrEqual(50 * (seconds + 2))
})
