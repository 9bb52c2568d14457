import { createGuard, poolers, type PoolerProfile } from '@poolsafe/core'
import { startHostilePooler } from '@poolsafe/testing/hostile'
import { startPgBouncer, type PgBouncerServer } from '@poolsafe/testing/servers'
import { readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { build } from 'tsup'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { folderIn, runNode } from '../integration/register/run-registered.ts'
import { sharedPostgres, type SharedPostgres } from '../support/servers/shared-postgres.ts'
import type { Found, Printed } from './applications/application.ts'

// Each ORM as a small application, behind PgBouncer and behind the hostile pooler, as it is, with the register, and
// wired by hand. docs/orms.md says what is asserted here.

let target: SharedPostgres
let pgBouncer: PgBouncerServer
beforeAll(async () => {
  target = await sharedPostgres()
  pgBouncer = await startPgBouncer({ target })
})
afterAll(async () => {
  await pgBouncer.stop()
  await target.stop()
})

const register = ['--import', '@poolsafe/register']

interface Subject {
  readonly name: string
  /** The rules that the ORM itself breaks, with what it sends. */
  readonly own?: readonly (readonly [rule: string, statement: RegExp])[]
  /** The options in the application stop it. */
  readonly isTameable?: true
  /** It does not work behind a pooler without these options. */
  readonly needsTaming?: true
  /** No wiring by hand, or one that does not see what the ORM sends itself. */
  readonly byHand?: 'none' | 'blind'
  /** Where the planted statement is found. @default the application's line */
  readonly isLineKnown?: false
}

const subjects: readonly Subject[] = [
  { name: 'typeorm' },
  { name: 'sequelize', own: [['session/set', /^SET client_min_messages TO \?;SET TIME ZONE \?;$/]], isTameable: true },
  { name: 'knex', own: [['session/set', /^set search_path to \?$/]], isTameable: true, byHand: 'blind' },
  { name: 'objection' },
  // Awaiting a query of Drizzle starts it in a job of its own, where V8 has no stack of the caller.
  { name: 'drizzle', isLineKnown: false },
  { name: 'mikro-orm', own: [['session/set', /^set names \?;$/]] },
  { name: 'pg-boss' },
  {
    name: 'graphile-worker',
    own: [['session/named-statement', /graphile_worker/]],
    isTameable: true,
    needsTaming: true,
  },
  { name: 'slonik', own: [['session/discard', /^DISCARD ALL$/]], isTameable: true, byHand: 'none' },
]

async function run(
  name: string,
  through: { port: number },
  args: readonly string[],
  env: object,
  script: string = `applications/${name}.ts`,
): Promise<Printed> {
  const database = await sharedPostgres()
  onTestFinished(() => database.stop())
  const url = new URL(database.url)
  url.port = String(through.port)
  const ran = await runNode(
    [...args, script],
    { DATABASE_URL: url.href, POOLSAFE_LOG: 'off', ...env },
    import.meta.dirname,
  )
  expect(ran, ran.stderr).toMatchObject({ code: 0 })
  return JSON.parse(ran.stdout) as Printed
}

const planted = 'SET app.tenant = ?'

/** Splits what was found into what the application plants and what its ORM sends. */
function split(findings: readonly Found[]): { readonly planted: readonly Found[]; readonly own: readonly Found[] } {
  return {
    planted: findings.filter(({ statement }) => statement === planted),
    own: findings.filter(({ statement }) => statement !== planted),
  }
}

describe.each(subjects)('$name', ({ name, own = [], needsTaming, byHand, isLineKnown = true }) => {
  const tame = needsTaming ? { TAME: 'true' } : {}

  it('gives the same results behind PgBouncer with the register, by hand, and without', async () => {
    const [plain, registered, wired] = await Promise.all([
      run(name, pgBouncer, [], tame),
      run(name, pgBouncer, register, tame),
      byHand === 'none' ? undefined : run(name, pgBouncer, [], { ...tame, WIRED: 'hand' }),
    ])
    expect(plain.findings).toEqual([])
    expect(registered.results).toEqual(plain.results)
    if (wired !== undefined) expect(wired.results).toEqual(plain.results)
    for (const { findings } of wired === undefined ? [registered] : [registered, wired]) {
      expect(split(findings).planted).toMatchObject([{ rule: 'session/set' }])
      if (isLineKnown) expect(split(findings).planted[0]?.place).toContain(`applications/${name}.ts:`)
    }
    if (wired !== undefined && byHand === 'blind') expect(split(wired.findings).own).toEqual([])
  })

  it('sends what docs/orms.md says, and leaves behind the hostile pooler what the register names', async () => {
    const hostile = await startHostilePooler({ target })
    onTestFinished(() => hostile.stop())
    const { findings } = await run(name, hostile, register, tame)
    const states = (await hostile.reports()).flatMap((report) => report.states)
    expect(states.map(({ rule, object }) => `${rule} ${object}`)).toContain('session/set app.tenant')
    expect(states.filter(({ rule }) => !findings.some((found) => found.rule === rule))).toEqual([])
    const sent = split(needsTaming ? (await run(name, target, register, {})).findings : findings).own
    expect(new Set(sent.map(({ rule }) => rule))).toEqual(new Set(own.map(([rule]) => rule)))
    for (const { rule, statement } of sent) expect(statement).toMatch(own.find(([id]) => id === rule)?.[1] ?? /^$/)
  })
})

it.each(subjects.filter(({ isTameable }) => isTameable))(
  '$name sends nothing unsafe by itself with the option that docs/orms.md names',
  async ({ name }) => {
    expect(split((await run(name, target, register, { TAME: 'true' })).findings).own).toEqual([])
  },
)

describe('the call site', () => {
  /** The line of an application that sends the planted statement. */
  function lineOf(name: string): number {
    const lines = readFileSync(join(import.meta.dirname, `applications/${name}.ts`), 'utf8').split('\n')
    return lines.findIndex((line) => line.includes('(planted)')) + 1
  }

  it.each(['typeorm', 'sequelize', 'knex'])('is the line of the application through %s', async (name) => {
    const { findings } = await run(name, target, register, {})
    expect(split(findings).planted[0]?.place).toBe(`applications/${name}.ts:${lineOf(name)}:3`)
  })

  it.each(['typeorm', 'sequelize', 'knex'])(
    'is the line before the build with source maps, through %s',
    async (name) => {
      const folder = folderIn(import.meta.dirname, {})
      const entry = join(import.meta.dirname, `applications/${name}.ts`)
      await build({
        entry: [entry],
        outDir: folder,
        format: 'esm',
        sourcemap: true,
        external: [/^[^./]/],
        silent: true,
        config: false,
      })
      const script = `${basename(folder)}/${name}.js`
      const [mapped, plain] = [
        await run(name, target, [...register, '--enable-source-maps'], {}, script),
        await run(name, target, register, {}, script),
      ]
      expect(split(mapped.findings).planted[0]?.place).toContain(`applications/${name}.ts:${lineOf(name)}:3`)
      expect(split(plain.findings).planted[0]?.place).toContain(`${script}:`)
    },
  )
})

it("MikroORM's schema generator sends what PgBouncer tracks, and the strictest pooler does not", () => {
  const rulesBehind = (pooler: PoolerProfile): string[] =>
    createGuard({ pooler })
      .inspect("set names 'utf8';")
      .findings.map(({ rule }) => rule)
  expect(rulesBehind(poolers.pgbouncer({ version: '1.18' }))).toEqual([])
  expect(rulesBehind(poolers.strictest())).toEqual(['session/set'])
})

describe("MikroORM's session context", () => {
  async function requests(sessionContext: string): Promise<Printed> {
    const hostile = await startHostilePooler({ target })
    onTestFinished(() => hostile.stop())
    return run('mikro-orm-tenants', hostile, register, { SESSION_CONTEXT: sessionContext })
  }

  it('is found per connection, where requests see another tenant or none', async () => {
    const { results, findings } = await requests('connection')
    expect((results as { wrong: number }).wrong).toBeGreaterThan(0)
    expect(findings.map(({ rule }) => rule)).toContain('session/set-config')
  })

  it('is silent per transaction, where each request sees its own tenant', async () => {
    expect(await requests('transaction')).toEqual({ results: { wrong: 0 }, findings: [] })
  })
})
