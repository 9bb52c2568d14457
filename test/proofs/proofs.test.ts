import { rules } from '@poolsafe/core'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { circumstances } from './circumstances.ts'
import { unexplained } from './differences.ts'
import { runAll } from './run-all.ts'
import type { Result } from './run.ts'
import { scenes } from './scenes.ts'
import { subjects } from './subjects.ts'
import { startFew } from './targets.ts'

const runMillis = 600_000

/** `npm run proofs` proves the rules for extensions that the server of the tests does not have. */
const here = subjects(() => false)
const everywhere = subjects(() => true)

describe('the observations on PostgreSQL and through PgBouncer', () => {
  let results: readonly Result[]
  let names: readonly string[]

  beforeAll(async () => {
    ;({ results, names } = await runAll(here, startFew))
  }, runMillis)

  test('is what the guard says, of every example', () => {
    const hint = 'If the snapshot cannot show the state, add `does` or `look` in test/proofs/circumstances.ts.'
    expect(unexplained(results), hint).toEqual([])
  })

  test('is harm through PgBouncer, for every rule', () => {
    const [, pooler] = names
    const harmed = new Set(
      results.filter(({ seen, target }) => target === pooler && seen !== 'none').map(({ rule }) => rule),
    )
    expect([...new Set(results.map(({ rule }) => rule))].filter((rule) => !harmed.has(rule))).toEqual([])
  })

  test('is no harm of any remedy', () => {
    expect(results.filter(({ isSafe, seen }) => isSafe && seen !== 'none' && seen !== 'refused')).toEqual([])
  })
})

describe('docs/proofs.md', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/proofs.md'), 'utf8')

  test.each(rules.map(({ id }) => id))('shows %s, or says why not', (id) => {
    const proved = [...everywhere.filter(({ isSafe }) => !isSafe), ...scenes].some(({ rule }) => rule === id)
    expect(proved).toBe(circumstances[id]?.unproved === undefined)
    expect(page.includes(`| [${id}]`), `docs/proofs.md lacks ${id}: npm run proofs -- --write`).toBe(true)
  })

  test('shows every example that is run', () => {
    expect(
      everywhere.filter(({ sql }) => !page.includes(`| \`${sql.replaceAll('|', '\\|')}\` |`)).map(({ sql }) => sql),
      'docs/proofs.md lacks these examples: npm run proofs -- --write',
    ).toEqual([])
  })

  test('names only examples that there are', () => {
    const known = new Set(rules.flatMap(({ examples: { unsafe, safe } }) => unsafe.concat(safe)))
    const named = Object.values(circumstances).flatMap(({ examples = {} }) => Object.keys(examples))
    expect(named.filter((sql) => !known.has(sql))).toEqual([])
  })
})
