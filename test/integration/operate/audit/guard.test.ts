import { createGuard, type Guard } from '@poolsafe/core'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../../../support/cli/fake-terminal.ts'
import { testMajor } from '../../../support/servers/postgres-versions.ts'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'
import { alike } from './alike.ts'
import { hidden, type StoredCase } from './hidden.ts'
import { alikeBranches, hiddenBranches } from './branches.ts'
import { alikeMore, hiddenMore } from './hidden-more.ts'
import { alikePaths, hiddenPaths } from './paths.ts'
import { changesSession } from './session-change.ts'
import { helpers } from './stage.ts'
import { texts, textStage } from './texts.ts'

let server: SharedPostgres

/** A role that is there from the start, reads all tables and is no superuser. */
const reader = testMajor < 14 ? 'pg_monitor' : 'pg_read_all_data'

const possible = (cases: readonly StoredCase[]): StoredCase[] => cases.filter(({ since = 0 }) => since <= testMajor)
const hiddenHere = possible([...hidden, ...hiddenMore, ...hiddenPaths, ...hiddenBranches])
const alikeHere = possible([...alike, ...alikeMore, ...alikePaths, ...alikeBranches])
/** MERGE is new in PostgreSQL 15. */
const textsHere = texts.filter((sql) => testMajor >= 15 || !sql.startsWith('MERGE'))
let owner: pg.Client
let folder: string
let path: string
let guard: Guard

beforeAll(async () => {
  server = await sharedPostgres()
  owner = new pg.Client(server.url)
  await owner.connect()
  await owner.query(helpers)
  for (const { sql } of [...hiddenHere, ...alikeHere]) await owner.query(sql)
  await owner.query(textStage)
  if (testMajor < 14)
    await owner.query(`GRANT USAGE ON SCHEMA shop TO ${reader}; GRANT SELECT ON ALL TABLES IN SCHEMA shop TO ${reader}`)
  folder = mkdtempSync(join(tmpdir(), 'poolsafe-catalog-'))
  path = join(folder, 'poolsafe.catalog.json')
  const { exitCode, err } = await runCli(['audit', '--url', server.url, '--write', 'poolsafe.catalog.json'], {
    cwd: folder,
  })
  expect({ exitCode, err }).toEqual({ exitCode: 1, err: '' })
  guard = createGuard({ catalog: path, observe: false })
})
afterAll(async () => {
  await owner.end()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** Returns the findings of the guard in a text, sent alone and inside a transaction. */
function finds(sql: string): boolean[] {
  return [false, true].map((inTransaction) => guard.inspect(sql, { inTransaction }).findings.length > 0)
}

describe('the guard finds in the text what a session shows after it', () => {
  const roleFor = (sql: string): string | undefined => (/ROW LEVEL SECURITY/.test(sql) ? reader : undefined)

  it.each(hiddenHere)('$object changes it', async ({ sql, call }) => {
    expect({ live: await changesSession(server.url, call, roleFor(sql)), found: finds(call) }).toEqual({
      live: true,
      found: [true, true],
    })
  })

  it.each(alikeHere)('$object does not', async ({ sql, call }) => {
    expect({ live: await changesSession(server.url, call, roleFor(sql)), found: finds(call) }).toEqual({
      live: false,
      found: [false, false],
    })
  })

  it.each(textsHere)('%s', async (sql) => {
    const live = await changesSession(server.url, sql)
    expect(finds(sql)[0]).toBe(live)
  })
})

it('the file has no body, no literal and no row', () => {
  const text = readFileSync(path, 'utf8')
  expect(text).not.toMatch(/BEGIN|PERFORM|'x'|Tokyo|hashtext/)
  expect(text.split('\n').length).toBeGreaterThan(50)
})
