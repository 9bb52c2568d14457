import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from '../sql/parser.ts'
import { createGuard } from '../guard/guard.ts'
import { rules } from './index.ts'
import type { Example } from './rule.ts'

const guard = createGuard({ mode: 'strict' })
const notRules = new Set(['all.ts', 'helper.ts', 'index.ts', 'pure-functions.ts', 'repair.ts', 'rule.ts'])

function toExample(given: string | Example): Example {
  return typeof given === 'string' ? { sql: given } : given
}

function findingsOf({ sql, named = false, pinned = true }: Example): ReturnType<typeof guard.inspect>['findings'] {
  return guard.inspect(sql, { named, pinned }).findings
}

/** The string and number constants of a text. */
function literalsOf(sql: string): string[] {
  const found: string[] = []
  JSON.parse(JSON.stringify(parse(sql)), (key, value: unknown) => {
    if ((key === 'sval' || key === 'fval' || key === 'bsval') && typeof value === 'object' && value !== null)
      found.push(...Object.values(value))
    if (key === 'ival' && typeof value === 'number') found.push(String(value))
    return value
  })
  return found.filter((literal) => literal !== '')
}

describe('the list of rules', () => {
  test('holds every rule file of the folder', async () => {
    const files = readdirSync(import.meta.dirname).filter(
      (file) => file.endsWith('.ts') && !notRules.has(file) && !file.endsWith('.test.ts'),
    )
    const modules = await Promise.all(
      files.map(
        (file) =>
          import(/* @vite-ignore */ join(import.meta.dirname, file)) as Promise<Record<string, { id?: string }>>,
      ),
    )
    const ids = modules.flatMap((module) => Object.values(module).flatMap(({ id }) => (id === undefined ? [] : [id])))
    expect(ids.toSorted()).toEqual(rules.map(({ id }) => id).toSorted())
  })

  test('names no id and no title twice', () => {
    expect(new Set(rules.map(({ id }) => id)).size).toBe(rules.length)
    expect(new Set(rules.map(({ title }) => title)).size).toBe(rules.length)
  })
})

describe.each(rules.map((rule) => ({ id: rule.id, rule })))('$id', ({ rule }) => {
  test('says whether its remedy speaks of a direct connection', () => {
    expect(rule.mentionsDirect === true).toBe(/\bdirect\b/.test(rule.instead))
  })

  const unsafe = rule.examples.unsafe.map(toExample)
  const safe = rule.examples.safe.map(toExample)

  test('has an id of a family and a thing', () => {
    expect(rule.id).toMatch(/^[a-z]+\/[a-z]+(-[a-z]+)*$/)
  })

  test('says what, why and what to do instead, without a full stop that would break a sentence', () => {
    for (const sentence of [rule.title, rule.why, rule.instead]) {
      expect(sentence.trim()).toBe(sentence)
      expect(sentence.split(' ').length).toBeGreaterThan(3)
      expect(sentence).not.toMatch(/\.$/)
    }
  })

  test('detects something, and shows safe examples', () => {
    expect(
      [rule.on, rule.functions, rule.extensionFunctions, rule.call, rule.answer].some((part) => part !== undefined),
    ).toBe(true)
    expect(safe).not.toEqual([])
    if ((rule.on ?? rule.functions ?? rule.extensionFunctions) !== undefined) expect(unsafe).not.toEqual([])
  })

  test.each(unsafe)('finds exactly this in $sql', (example) => {
    expect(findingsOf(example).map((finding) => finding.rule)).toEqual([rule.id])
  })

  test.each(safe)('finds nothing in $sql', (example) => {
    expect(findingsOf(example)).toEqual([])
  })

  test.each(unsafe)('shows no literal of $sql', (example) => {
    const [finding] = findingsOf(example)
    const words = new Set(finding?.message.split(/[^\w.]+/))
    for (const literal of literalsOf(example.sql)) expect(words).not.toContain(literal)
  })
})
