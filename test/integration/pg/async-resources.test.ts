import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { sharedPostgres } from '../../support/servers/shared-postgres.ts'

it('the asynchronous resources of calls that waited are destroyed', async () => {
  const server = await sharedPostgres()
  try {
    const args = [
      '--expose-gc',
      '--conditions=@poolsafe/source',
      join(import.meta.dirname, 'async-resources.ts'),
      server.url,
    ]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    expect(stdout).toBe('made and destroyed\n')
  } finally {
    await server.stop()
  }
})
