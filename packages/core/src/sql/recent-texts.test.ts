import { describe, expect, test } from 'vitest'
import { Front } from './recent-texts.ts'

const maxBytes = 100_000
/** More texts than there are places. */
const many = 10_000
const texts = Array.from({ length: many }, (_, index) => `SELECT ${index} FROM ${'t'.repeat(index % 50)}`)

describe('the front', () => {
  test('gives back what was put in', () => {
    const front = new Front<number>(maxBytes)
    front.set('a', 1)
    front.set('a', 2)
    expect(front.get('a')).toBe(2)
    expect(front.get('b')).toBeUndefined()
    expect(front.get('')).toBeUndefined()
  })

  test('never gives the value of another text', () => {
    const front = new Front<string>(maxBytes)
    for (const text of texts) front.set(text, text)
    const found = texts.filter((text) => front.get(text) !== undefined)
    expect(found.length).toBeGreaterThan(0)
    for (const text of found) expect(front.get(text)).toBe(text)
  })

  test('remembers nearly all statements of an application, however alike they are', () => {
    const front = new Front<string>(maxBytes)
    const tables = ['User', 'Order', 'Invoice', 'Payment', 'Session', 'Address', 'Product', 'Item', 'Cart', 'Team']
    const columns = ['id', 'email', 'name', 'org', 'createdAt', 'updatedAt', 'state', 'total', 'ownerId', 'kind']
    const statements = tables.flatMap((table) =>
      columns.map((column) => `SELECT "id", "${column}" FROM "${table}" WHERE "${column}" = $1`),
    )
    for (const statement of statements) front.set(statement, statement)
    expect(statements.filter((statement) => front.get(statement) === statement).length).toBeGreaterThan(
      0.9 * statements.length,
    )
  })

  test('holds no more than its bytes, however many texts come and however much their values hold', () => {
    const valueBytes = 1_000
    for (const bytesOf of [() => 0, () => valueBytes]) {
      const front = new Front<true>(maxBytes, bytesOf)
      for (const text of texts) front.set(text, true)
      const held = texts.filter((text) => front.get(text))
      expect(held.reduce((sum, text) => sum + 2 * text.length + bytesOf(), 0)).toBeLessThan(maxBytes)
    }
  })

  test('keeps no text that would push out many others, and nothing where it may hold no bytes', () => {
    const front = new Front<true>(maxBytes)
    front.set('x'.repeat(maxBytes / 2), true)
    expect(front.get('x'.repeat(maxBytes / 2))).toBeUndefined()
    const none = new Front<true>(0)
    none.set('', true)
    expect(none.get('')).toBeUndefined()
  })
})
