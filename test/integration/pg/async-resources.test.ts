import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runScript } from '../../support/run-script.ts'
import { sharedPostgres } from '../../support/servers/shared-postgres.ts'

it('the asynchronous resources of calls that waited are destroyed', async () => {
  const server = await sharedPostgres()
  try {
    const { stdout } = await runScript(join(import.meta.dirname, 'async-resources.ts'), [server.url])
    expect(stdout).toBe('made and destroyed\n')
  } finally {
    await server.stop()
  }
})
