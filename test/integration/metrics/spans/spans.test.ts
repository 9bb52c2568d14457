import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

let server: SharedPostgres

beforeAll(async () => {
  server = await sharedPostgres()
  const client = new pg.Client(server.url)
  await client.connect()
  await client.query(await readFile(join(import.meta.dirname, '../../../support/prisma/tables.sql'), 'utf8'))
  await client.end()
})
afterAll(() => server.stop())

/** The ways to all spans of the application, from their roots. */
async function spansOf(variant: 'guarded' | 'bare'): Promise<string[]> {
  const args = ['--conditions=@poolsafe/source', join(import.meta.dirname, 'traced.ts'), server.url, variant]
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, NODE_OPTIONS: '' } })
  return JSON.parse(stdout) as string[]
}

it('the instrumentations of pg and Prisma make the same spans with poolsafe and without', async () => {
  const bare = await spansOf('bare')
  const guarded = await spansOf('guarded')
  expect(guarded).toEqual(bare)
  for (const name of [
    'pg.query:SELECT',
    'pg-pool.connect',
    'pg.connect',
    'prisma:client:operation',
    'prisma:client:db_query',
  ]) {
    expect(bare.join('\n'), name).toContain(`> ${name}`)
  }
})
