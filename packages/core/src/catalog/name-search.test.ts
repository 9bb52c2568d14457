import { describe, expect, it } from 'vitest'
import { beginningsOf, createNameSearch } from './name-search.ts'

const verbs = ['set', 'get', 'apply', 'audit', 'sync', 'order', 'o', 'or']
const nouns = ['tenant', 'user', 'orders', 'stock', 'line', 'x']
const many = Array.from({ length: 3000 }, (_, n) => `${verbs[n % 8]}_${nouns[n % 6]}${n % 2 === 0 ? n : ''}_${n % 97}`)

describe('the search for names', () => {
  it.each([1, 5, 300, 3000])('finds each of %i names, wherever it stands', (count) => {
    const names = many.slice(0, count)
    const search = createNameSearch(names, [])
    const surroundings: readonly ((name: string) => string)[] = [
      (name) => `SELECT ${name}()`,
      (name) => `select * from "${name}"`,
      (name) => `SELECT ${name.toUpperCase()}/**/ (1)`,
      (name) => `INSERT INTO public.${name}(a) VALUES (1)`,
      (name) => `SELECT 1 FROM set_x, orders_y,${name}`,
      (name) => `SELECT 'é'${name}()`,
      (name) => `-- ${name}`,
      (name) => name,
    ]
    const missed = names.flatMap((name) => surroundings.map((write) => write(name)).filter((sql) => !search(sql)))
    expect(missed).toEqual([])
  })

  it('does not find a part of a word', () => {
    const search = createNameSearch(['orders', ...many], [])
    expect(search('SELECT reorders, orders_of, set_tenant FROM orders2 ORDER BY 1')).toBe(false)
    expect(search('SELECT 1 FROM orders')).toBe(true)
  })

  it.each([
    ['Mixed', 'SELECT * FROM "Mixed"'],
    ['two words', 'SELECT * FROM "two words"'],
    ['a"b', 'SELECT * FROM "a""b"'],
    ['été', 'SELECT * FROM été'],
    ['cost$', 'SELECT cost$()'],
    ['(.*', 'SELECT "(.*"()'],
  ])('finds %j', (name, sql) => {
    expect(createNameSearch([name], [])(sql)).toBe(true)
    expect(createNameSearch([name], [])('SELECT 1')).toBe(false)
  })

  it('finds a name that PostgreSQL cuts to 63 bytes', () => {
    const name = 'n'.repeat(63)
    expect(createNameSearch([name], [])(`SELECT ${name}more()`)).toBe(true)
  })

  it('finds operators', () => {
    const search = createNameSearch([], ['@#@', '|+|'])
    expect([search('SELECT 1 @#@ 2'), search('SELECT a|+|b'), search('SELECT a | b')]).toEqual([true, true, false])
  })

  it('finds other names also inside of words, and beside what only begins like a name', () => {
    const search = createNameSearch(['orders', 'order_lines'], [], ['set_config', 'order_by_lock'])
    expect(search('SELECT "my_set_config"()')).toBe(true)
    expect(search('SELECT orders_set_config()')).toBe(true)
    expect(search('SELECT ORDER_BY_LOCKS()')).toBe(true)
    expect(search('SELECT order_by_loc(), reorder, orders2, xorders ORDER BY 1')).toBe(false)
    expect(search('SELECT order_line, order_lines')).toBe(true)
  })

  it('takes time that grows like the text, whatever the words look like', () => {
    const search = createNameSearch(['set_', 'order_y'], [], ['lock'])
    const long = `SELECT ${'set_'.repeat(100_000)}`
    expect(search(long)).toBe(true)
    expect(search(`SELECT ${'set_a '.repeat(100_000)}`)).toBe(false)
  })

  it('finds nothing without a name', () => {
    expect(createNameSearch([], [])('SELECT orders()')).toBe(false)
  })
})

describe('the beginnings of names', () => {
  it.each([1, 2, 10, 400])('are no more than asked for, or one for each first letter: %i', (most) => {
    const beginnings = beginningsOf(many, most)
    expect(beginnings.length).toBeLessThanOrEqual(Math.max(most, 26))
    expect(many.filter((name) => !beginnings.some((each) => name.startsWith(each)))).toEqual([])
  })

  it('are the names themselves, if they are few', () => {
    expect(beginningsOf(['order', 'orders', 'a'], 400).toSorted()).toEqual(['a', 'order', 'orders'])
  })
})
