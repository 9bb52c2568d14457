import { startHostilePooler } from '@poolsafe/testing/hostile'
import { startPgBouncer } from '@poolsafe/testing/servers'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import type { Summary } from '../../packages/cli/src/run/summary.ts'
import { runPoolsafe } from '../integration/cli/run-poolsafe.ts'
import { folderIn } from '../integration/register/run-registered.ts'
import { sharedPostgres } from '../support/servers/shared-postgres.ts'

// The command line of drizzle-kit, below `poolsafe run`. It uses node-postgres if that is installed.

const config = `export default {
  dialect: 'postgresql',
  out: './drizzle',
  dbCredentials: { url: process.env.DATABASE_URL },
}
`

/** A project with migrations: tables, and then one statement more if it is given. */
function project(statement?: string): string {
  const folder = folderIn(import.meta.dirname, { 'drizzle.config.ts': config })
  const out = join(folder, 'drizzle')
  mkdirSync(out)
  cpSync(join(import.meta.dirname, 'applications/drizzle-migrations'), out, { recursive: true })
  if (statement === undefined) return folder
  const journal = join(out, 'meta/_journal.json')
  const { entries, ...head } = JSON.parse(readFileSync(journal, 'utf8')) as { entries: { idx: number; when: number }[] }
  const more = { ...entries[0], idx: 1, when: 1_800_000_000_000, tag: '0001_more' }
  writeFileSync(journal, JSON.stringify({ ...head, entries: [...entries, more] }))
  writeFileSync(join(out, '0001_more.sql'), statement)
  return folder
}

async function migrate(folder: string, url: string): Promise<Summary> {
  const output = join(folder, 'summary.json')
  const kit = join(import.meta.dirname, 'node_modules/.bin/drizzle-kit')
  const args = ['run', '--format', 'json', '--output', output, '--', kit, 'migrate']
  const { code, stdout, stderr } = await runPoolsafe(args, folder, { DATABASE_URL: url })
  expect(code, `${stdout}${stderr}`).toBe(0)
  return JSON.parse(readFileSync(output, 'utf8')) as Summary
}

it('sends nothing unsafe by itself, also when there is nothing to migrate, behind PgBouncer', async () => {
  const target = await sharedPostgres()
  onTestFinished(() => target.stop({ force: true }))
  const pgBouncer = await startPgBouncer({ target })
  onTestFinished(() => pgBouncer.stop())
  const folder = project()
  const [first, second] = [await migrate(folder, pgBouncer.url), await migrate(folder, pgBouncer.url)]
  for (const { findings, unreached } of [first, second])
    expect({ findings, unreached }).toEqual({ findings: [], unreached: [] })
  expect(first.statements).toBeGreaterThan(second.statements)
  expect(second.statements).toBeGreaterThan(0)
})

it('leaves behind the hostile pooler what a migration sets, and what is found', async () => {
  const target = await sharedPostgres()
  onTestFinished(() => target.stop({ force: true }))
  const hostile = await startHostilePooler({ target })
  onTestFinished(() => hostile.stop())
  const { findings } = await migrate(project("SET lock_timeout = '5s';"), hostile.url)
  expect(findings).toMatchObject([{ rule: 'session/set', places: [{ statement: 'SET lock_timeout = ?;' }] }])
  const states = (await hostile.reports()).flatMap((report) => report.states)
  expect(states.map(({ rule, object }) => `${rule} ${object}`)).toEqual(['session/set lock_timeout'])
})
