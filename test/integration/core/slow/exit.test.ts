import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { sharedPostgres, type SharedPostgres } from '../../../support/servers/shared-postgres.ts'

let server: SharedPostgres
beforeAll(async () => {
  server = await sharedPostgres()
})
afterAll(async () => {
  await server.stop()
})

it('a process ends when its work is done: the end of an interval does not keep it, and its first line is written', async () => {
  const script = join(import.meta.dirname, 'exit-script.ts')
  const args = ['--conditions=@poolsafe/source', script, server.url]
  const { stderr } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, NO_COLOR: '1' } })
  const lines = stderr.split('\n').filter((line) => line.includes('slow query'))
  // A line at the end of the interval would be the second.
  expect(lines).toHaveLength(1)
})
