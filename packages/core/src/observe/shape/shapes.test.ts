import { describe, expect, it } from 'vitest'
import { Shapes } from './shapes.ts'

describe('shapes', () => {
  it('are one for all texts that differ in their values', () => {
    const shapes = new Shapes()
    expect(shapes.of('SELECT * FROM a WHERE b = 2')).toBe(shapes.of('SELECT * FROM a WHERE b = 1'))
    expect(shapes.size).toBe(1)
  })

  it('are reported by total time', () => {
    const shapes = new Shapes()
    for (const [table, millis] of [
      ['a', 5],
      ['b', 50],
      ['c', 20],
    ] as const)
      shapes.of(`SELECT * FROM ${table}`).sumMillis = millis
    expect(shapes.slowest(2).map(({ summary }) => summary)).toEqual(['SELECT b', 'SELECT c'])
  })

  it('are reported in order, up to the requested number', () => {
    const shapes = new Shapes()
    const millis = Array.from({ length: 200 }, (_, index) => (index * 37) % 101)
    for (const [index, each] of millis.entries()) shapes.of(`SELECT * FROM t${index}`).sumMillis = each
    const sorted = millis.toSorted((one, other) => other - one)
    for (const count of [0, 1, 10, 200, Infinity])
      expect(shapes.slowest(count).map(({ sumMillis }) => sumMillis)).toEqual(sorted.slice(0, count))
  })

  it('are forgotten where there are too many, those first that took the least time, and said so', () => {
    const shapes = new Shapes()
    for (let index = 0; index < 10_000; index++) shapes.of(`SELECT * FROM t${index}`).sumMillis += index === 0 ? 1e9 : 1
    expect(shapes.size).toBeLessThanOrEqual(1000)
    expect(shapes.size + shapes.forgotten).toBe(10_000)
    expect(shapes.slowest(1)[0]?.summary).toBe('SELECT t0')
  })

  it('that were forgotten are kept again when they are seen again, once', () => {
    const shapes = new Shapes()
    const first = shapes.of('SELECT * FROM t')
    for (let index = 0; first.isKept; index++) shapes.of(`SELECT * FROM t${index}`).sumMillis++
    const again = shapes.of('SELECT * FROM t')
    expect(again.isKept).toBe(true)
    expect(shapes.of('SELECT * FROM t')).toBe(again)
  })

  it('have the fingerprint of their text, whatever was seen before it', () => {
    const texts = Array.from({ length: 60 }, (_, index) => {
      const list = Array.from({ length: index + 1 }, (_each, at) => `$${at + 1}`).join(index % 2 === 0 ? ', ' : ',')
      return [
        `SELECT * FROM a WHERE b IN (${list}) /* ${index} */`,
        `SELECT * FROM a WHERE b = ${index}`,
        `INSERT INTO a VALUES ${Array.from({ length: 400 * index + 1 }, () => `(${list})`).join(', ')}`,
        `SELECT c${index}`,
      ]
    }).flat()
    const shapes = new Shapes()
    const fresh = new Map(texts.map((text) => [text, new Shapes().of(text).fingerprint]))
    for (const text of [...texts, ...texts, ...texts.toReversed()])
      expect(shapes.of(text).fingerprint, text.slice(0, 99)).toBe(fresh.get(text))
    expect(shapes.size).toBe(63)
  })
})
