import { createGuard, type Guard } from '@poolsafe/core'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../../../support/cli/fake-terminal.ts'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'
import { alike } from './alike.ts'
import { hidden } from './hidden.ts'
import { alikeMore, hiddenMore } from './hidden-more.ts'
import { alikePaths, hiddenPaths } from './paths.ts'
import { changesSession } from './session-change.ts'
import { helpers } from './stage.ts'
import { texts, textStage } from './texts.ts'

let server: SharedPostgres
let owner: pg.Client
let folder: string
let path: string
let guard: Guard

beforeAll(async () => {
  server = await sharedPostgres()
  owner = new pg.Client(server.url)
  await owner.connect()
  await owner.query(helpers)
  for (const { sql } of [...hidden, ...hiddenMore, ...hiddenPaths, ...alike, ...alikeMore, ...alikePaths])
    await owner.query(sql)
  await owner.query(textStage)
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

/** What the guard finds in a text, sent by itself and inside a transaction. */
function finds(sql: string): boolean[] {
  return [false, true].map((inTransaction) => guard.inspect(sql, { inTransaction }).findings.length > 0)
}

describe('the guard finds in the text what a session shows after it', () => {
  const roleFor = (sql: string): string | undefined => (/ROW LEVEL SECURITY/.test(sql) ? 'pg_read_all_data' : undefined)

  it.each([...hidden, ...hiddenMore, ...hiddenPaths])('$object changes it', async ({ sql, call }) => {
    expect({ live: await changesSession(server.url, call, roleFor(sql)), found: finds(call) }).toEqual({
      live: true,
      found: [true, true],
    })
  })

  it.each([...alike, ...alikeMore, ...alikePaths])('$object does not', async ({ sql, call }) => {
    expect({ live: await changesSession(server.url, call, roleFor(sql)), found: finds(call) }).toEqual({
      live: false,
      found: [false, false],
    })
  })

  it.each(texts)('%s', async (sql) => {
    const live = await changesSession(server.url, sql)
    expect(finds(sql)[0]).toBe(live)
  })
})

it('the file has no body, no literal and no row', () => {
  const text = readFileSync(path, 'utf8')
  expect(text).not.toMatch(/BEGIN|PERFORM|'x'|Tokyo|hashtext/)
  expect(text.split('\n').length).toBeGreaterThan(50)
})
