import { rules } from '@poolsafe/core'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { circumstances } from './circumstances.ts'
import { unexplained } from './differences.ts'
import { playAll, run, sceneUsers, type Result } from './run.ts'
import { scenes } from './scenes.ts'
import { subjects } from './subjects.ts'
import { startFew, type Servers } from './targets.ts'

const runMillis = 600_000

/** What takes an extension that the server of the tests does not have is proved by `npm run proofs`. */
const here = subjects(() => false)
const everywhere = subjects(() => true)

describe('what is seen on PostgreSQL and through PgBouncer', () => {
  let servers: Servers
  const results: Result[] = []

  beforeAll(async () => {
    servers = await startFew([...here.map(({ user }) => user), ...sceneUsers(scenes)])
    results.push(...(await run(here, servers.company)), ...(await playAll(scenes, servers.company)))
  }, runMillis)

  afterAll(() => servers?.stop())

  test('is what the guard says, of every example', () => {
    expect(unexplained(results)).toEqual([])
  })

  test('is harm through PgBouncer, for every rule', () => {
    const [, pooler] = servers.company.targets
    const harmed = new Set(
      results.filter(({ seen, target }) => target === pooler?.name && seen !== 'none').map(({ rule }) => rule),
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
    expect(page).toContain(`| [${id}]`)
  })

  test('shows every example that is run', () => {
    expect(
      everywhere.filter(({ sql }) => !page.includes(`| \`${sql.replaceAll('|', '\\|')}\` |`)).map(({ sql }) => sql),
    ).toEqual([])
  })

  test('names only examples that there are', () => {
    const known = new Set(rules.flatMap(({ examples: { unsafe, safe } }) => unsafe.concat(safe)))
    const named = Object.values(circumstances).flatMap(({ examples = {} }) => Object.keys(examples))
    expect(named.filter((sql) => !known.has(sql))).toEqual([])
  })
})
