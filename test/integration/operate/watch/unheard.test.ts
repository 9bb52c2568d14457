import type { PostgresServer } from '@poolsafe/testing/servers'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { startTestPostgres } from '../../../support/servers/postgres-versions.ts'
import { openStage, type Stage, until } from './stage.ts'

let server: PostgresServer
let stage: Stage
beforeAll(async () => {
  server = await startTestPostgres({ settings: { max_connections: '20' } })
  stage = await openStage(server.url)
})
afterEach(() => stage.clear())
afterAll(() => server.stop())

/** Public reports: brianc/node-postgres 1707 and 2762, metatool-ai/metamcp 125, bytebase/dbhub 422. */
it.each([
  ['bare', 1],
  ['guarded', 0],
])('a process with a %s pool that nobody listens to ends with %i when its connection is closed', async (kind, code) => {
  const args = ['--conditions=@poolsafe/source', join(import.meta.dirname, 'unheard.ts'), stage.urlFor('shop'), kind]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const ended = once(child, 'exit')
  await once(child.stdout, 'data')
  const { watch } = await stage.watch({ aboveShare: 0.01 })
  await until(() => watch.stats().closed['shop-*'] === 1)
  child.stdin.on('error', () => {})
  child.stdin.write('query\n')
  expect(await ended).toEqual([code, null])
})
