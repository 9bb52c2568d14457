import { createGuard, rules } from '@poolsafe/core'
import { redact } from '@poolsafe/core/adapter'
import { describe, expect, test } from 'vitest'
import { effectsIn } from '../../packages/core/src/analyze/analysis.ts'
import { analyze } from '../../packages/core/src/analyze/analyze.ts'
import { ParseRefused, parse } from '../../packages/core/src/sql/parser.ts'
import { safe } from './safe.ts'
import { unsafe } from './unsafe.ts'

const guard = createGuard()
/** The least that the corpus must hold, so that losing examples is noticed. */
const leastSafe = 300
const leastUnsafe = 150

function count(groups: Readonly<Record<string, readonly unknown[]>>): number {
  return Object.values(groups).reduce((sum, group) => sum + group.length, 0)
}

function isSyntax(sql: string): boolean {
  try {
    parse(sql)
    return true
  } catch (error) {
    if (error instanceof ParseRefused) return false
    throw error
  }
}

describe.each(Object.entries(safe))('safe: %s', (_group, statements) => {
  test.each(statements)('nothing is found in $sql', ({ sql, inTransaction = false }) => {
    expect(guard.inspect(sql, { inTransaction }).findings.map(({ rule }) => rule)).toEqual([])
  })

  test.each(statements)('PostgreSQL’s own parser takes $sql', ({ sql }) => {
    expect(isSyntax(sql)).toBe(true)
  })
})

describe.each(Object.entries(unsafe))('unsafe: %s', (rule, statements) => {
  test.each(statements)('is found in $sql', ({ sql, inTransaction = false }) => {
    const { findings } = guard.inspect(sql, { inTransaction })
    expect(findings.map((finding) => finding.rule)).toContain(rule)
  })

  test.each(statements)('PostgreSQL’s own parser takes $sql', ({ sql }) => {
    expect(isSyntax(sql)).toBe(true)
  })

  test.each(statements)('no string of it is shown: $sql', ({ sql }) => {
    const strings = [...sql.matchAll(/'(\w{2,})'/g)].map(([text]) => text)
    for (const text of strings) expect(redact(sql)).not.toContain(text)
  })
})

describe('the corpus', () => {
  test('is large', () => {
    expect(count(safe)).toBeGreaterThanOrEqual(leastSafe)
    expect(count(unsafe)).toBeGreaterThanOrEqual(leastUnsafe)
  })

  test('holds no statement twice in one list', () => {
    for (const groups of [safe, unsafe]) {
      const all = Object.entries(groups).flatMap(([group, statements]) => {
        return statements.map(({ sql, inTransaction = false }) =>
          JSON.stringify([group in unsafe ? group : '', sql, inTransaction]),
        )
      })
      expect(all.filter((statement, index) => all.indexOf(statement) !== index)).toEqual([])
    }
  })

  test('names only rules that there are', () => {
    expect(Object.keys(unsafe).filter((id) => !rules.some((rule) => rule.id === id))).toEqual([])
  })

  test('finds effects in what ORMs send only where a transaction begins, or what lasts as long as one is made', () => {
    const doubtful = [...(safe['prisma'] ?? []), ...(safe['kysely'] ?? [])].filter(({ sql }) =>
      effectsIn(analyze(sql)).some(({ does }) => does !== 'undoes'),
    )
    for (const { sql } of doubtful)
      expect(sql).toMatch(/^(begin|start|set|select set_config|select pg_advisory_xact_lock)|for update/i)
  })
})
