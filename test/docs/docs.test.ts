import { readFileSync, readdirSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { createGuard, rules } from '@poolsafe/core'
import { describe, expect, test } from 'vitest'
import { pages } from './pages.ts'
import { remedies } from './remedies.ts'

const folder = join(import.meta.dirname, '../../docs/rules')
const toRegenerate = 'docs/rules differs from the rules; run: node --conditions=@poolsafe/source test/docs/generate.ts'

describe('docs/rules', () => {
  test('holds exactly the pages of the rules', () => {
    expect(readdirSync(folder).toSorted(), toRegenerate).toEqual([...pages().keys()].toSorted())
  })

  test.each([...pages()])('%s says what the rules say', (file, text) => {
    expect(readFileSync(join(folder, file), 'utf8'), toRegenerate).toBe(text)
  })

  test('has a page where every finding points to', () => {
    const guard = createGuard()
    const findings = rules.flatMap(({ examples }) => {
      return examples.unsafe.flatMap((given) => guard.inspect(typeof given === 'string' ? given : given.sql).findings)
    })
    const files = new Set(findings.map(({ docs }) => docs.replace('docs/rules/', '')))
    for (const file of files) expect(pages().has(file)).toBe(true)
  })

  test('links only to pages that exist', () => {
    for (const text of pages().values()) {
      for (const [, file] of text.matchAll(/\]\(([^)]+\.md)\)/g)) expect(pages().has(file ?? '')).toBe(true)
    }
  })
})

describe.each(Object.entries(remedies))('the remedy of %s', (_rule, { sql, ...code }) => {
  test('is SQL in which the guard finds nothing', () => {
    expect(createGuard({ mode: 'strict' }).inspect(sql ?? '').findings).toEqual([])
  })

  test('is code that can be parsed', () => {
    for (const text of Object.values(code)) expect(() => stripTypeScriptTypes(`async () => {\n${text}\n}`)).not.toThrow()
  })
})
