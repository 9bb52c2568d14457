import { engineOf } from '@poolsafe/core/adapter'
import { readFileSync, readdirSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { createGuard, poolers, rules } from '@poolsafe/core'
import { describe, expect, test } from 'vitest'
import { metricsPage } from './metrics-page.ts'
import { pages } from './pages.ts'
import { poolersPage } from './poolers-page.ts'
import { payloadNames, referencePage } from './reference-page.ts'

const folder = join(import.meta.dirname, '../../docs/rules')
const ofRules = pages()
const ofPoolers = poolersPage()
const toRegenerate = 'docs/ differs from the code; run npm run docs'

describe('docs/rules', () => {
  test('holds exactly the pages of the rules', () => {
    expect(readdirSync(folder).toSorted(), toRegenerate).toEqual([...ofRules.keys()].toSorted())
  })

  test.each([...ofRules])('%s says what the rules say', (file, text) => {
    expect(readFileSync(join(folder, file), 'utf8'), toRegenerate).toBe(text)
  })

  test('has a page where every finding points to', () => {
    const guard = createGuard()
    const findings = rules.flatMap(({ examples }) => {
      return examples.unsafe.flatMap((given) => guard.inspect(typeof given === 'string' ? given : given.sql).findings)
    })
    const files = new Set(findings.map(({ docs }) => docs.replace('docs/rules/', '')))
    for (const file of files) expect(ofRules.has(file)).toBe(true)
  })

  test('links only to pages that exist', () => {
    for (const text of ofRules.values()) {
      for (const [, file] of text.matchAll(/\]\(([^)]+\.md)\)/g)) {
        expect(
          ['../poolers.md', '../exceptions.md', '../helpers.md', '../repair.md'].includes(file ?? '') ||
            ofRules.has(file ?? ''),
        ).toBe(true)
      }
    }
  })
})

describe('docs/poolers.md', () => {
  test('says what the profiles say', () => {
    expect(readFileSync(join(folder, '../poolers.md'), 'utf8'), toRegenerate).toBe(ofPoolers)
  })

  test('links only to pages that exist', () => {
    for (const [, file] of ofPoolers.matchAll(/\]\(rules\/([^)]+\.md)\)/g)) expect(ofRules.has(file ?? '')).toBe(true)
  })

  test.each(['pgbouncer', 'odyssey', 'pgdog', 'pgcat', 'supavisor'] as const)('tells every option of %s', (name) => {
    const make = poolers[name] as (options: object) => unknown
    const [, names = ''] = /one of (.*); got/.exec(messageOf(() => make({ nothing: 1 }))) ?? []
    const [, section = ''] = ofPoolers.split(`\n\`poolers.${name}()\`\n`)
    const rows = [...(section.trimStart().split('\n\n')[0] ?? '').matchAll(/^\| `(\w+)` +\|/gm)].map(
      ([, option]) => option,
    )
    expect(new Set(rows)).toEqual(new Set(names.split(', ')))
  })

  test('shows every profile', () => {
    const { detect: _detect, ...factories } = poolers
    for (const name of Object.keys(factories)) expect(ofPoolers).toContain(`poolers.${name}(`)
  })
})

test('docs/reference.md has every option and every event', () => {
  expect(readFileSync(join(folder, '../reference.md'), 'utf8'), toRegenerate).toBe(referencePage())
})

test('packages/core/src/index.ts exports the payload of every event', () => {
  const index = readFileSync(join(folder, '../../packages/core/src/index.ts'), 'utf8')
  expect(payloadNames().filter((name) => !new RegExp(`\\b${name}\\b`).test(index))).toEqual([])
})

test('docs/metrics.md has every metric and every instrument', () => {
  const page = readFileSync(join(folder, '../metrics.md'), 'utf8')
  expect(page, toRegenerate).toBe(metricsPage(page))
})

describe('docs/exceptions.md', () => {
  const page = readFileSync(join(folder, '../exceptions.md'), 'utf8')
  const codeOf = (language: string): string[] => {
    return [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, code = '']) => code)
  }

  test.each(codeOf('sql'))('shows comments that allow: %s', (sql) => {
    const guard = createGuard({ mode: 'strict' })
    expect(guard.inspect(sql).findings).toHaveLength(1)
    expect(engineOf(guard).refuse(sql, engineOf(guard).analyze(sql), { pinned: true }, createGuard)).toBeUndefined()
  })

  test.each(codeOf('ts'))('shows code that can be parsed: %s', (code) => {
    expect(() => stripTypeScriptTypes(`async () => {\n${code}\n}`)).not.toThrow()
  })
})

describe.each(rules)('the remedy of $id', ({ remedy: { sql, ...code } }) => {
  test('is there', () => {
    expect([sql, ...Object.values(code)].join('')).not.toBe('')
  })

  test('is SQL in which the guard finds nothing', () => {
    expect(createGuard({ mode: 'strict' }).inspect(sql ?? '').findings).toEqual([])
  })

  test('is code that can be parsed', () => {
    for (const text of Object.values(code))
      expect(() => stripTypeScriptTypes(`async () => {\n${text}\n}`)).not.toThrow()
  })
})

function messageOf(act: () => unknown): string {
  try {
    return String(act())
  } catch (error) {
    return String(error)
  }
}
