import { describe, expect, test } from 'vitest'
import { TextCache } from './text-cache.ts'

const maxBytes = 100_000
/** More entries than fit by far. */
const many = 10_000
/** The least that an entry can cost: its characters, two bytes each. */
const bytesOf = (text: string): number => 2 * text.length

describe('the cache', () => {
  test('gives back what was put in', () => {
    const cache = new TextCache<number>(maxBytes)
    cache.set('a', 1)
    cache.set('a', 2)
    expect(cache.get('a')).toBe(2)
    expect(cache.get('b')).toBeUndefined()
  })

  test('keeps values that are falsy', () => {
    const cache = new TextCache<number | false>(maxBytes)
    cache.set('zero', 0)
    cache.set('false', false)
    expect([cache.get('zero'), cache.get('false')]).toEqual([0, false])
  })

  test('holds no more than its bytes, however many texts come', () => {
    const cache = new TextCache<true>(maxBytes)
    const texts = Array.from({ length: many }, (_, index) => `SELECT ${index}`)
    for (const text of texts) cache.set(text, true)
    const held = texts.filter((text) => cache.get(text))
    expect(held.length).toBeGreaterThan(0)
    expect(held.reduce((sum, text) => sum + bytesOf(text), 0)).toBeLessThan(maxBytes)
  })

  test('keeps what is asked for, while all else turns over', () => {
    const cache = new TextCache<string>(maxBytes)
    cache.set('hot', 'kept')
    for (let index = 0; index < many; index++) {
      expect(cache.get('hot')).toBe('kept')
      cache.set(`SELECT ${index}`, 'passing')
    }
  })

  test('forgets what nobody asks for', () => {
    const cache = new TextCache<true>(maxBytes)
    cache.set('cold', true)
    for (let index = 0; index < many; index++) cache.set(`SELECT ${index}`, true)
    expect(cache.get('cold')).toBeUndefined()
  })

  test('lets no single text push out the others', () => {
    const cache = new TextCache<true>(maxBytes)
    cache.set('small', true)
    const large = 'x'.repeat(maxBytes)
    for (let index = 0; index < many; index++) cache.set(large, true)
    expect(cache.get(large)).toBeUndefined()
    expect(cache.get('small')).toBe(true)
  })

  test('keeps nothing where it may hold no bytes', () => {
    const cache = new TextCache<true>(0)
    cache.set('', true)
    expect(cache.get('')).toBeUndefined()
  })
})
