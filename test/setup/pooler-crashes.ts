import { beforeEach } from 'vitest'
import { crashes, renewCrashed } from '../support/servers/pooler-crashes.ts'

/** The error that makes Vitest run a test again (`vitest.config.ts`). Any other failure stays one. */
const message = 'PgBouncer crashed of its own bug'

beforeEach(async ({ task }) => {
  await renewCrashed()
  // Runs after all hooks of the test, so that Vitest takes its error as the reason for the failure.
  return async () => {
    if (task.result?.state !== 'fail') return
    const [crash] = await crashes()
    if (crash !== undefined) throw new Error(`${message}: ${crash}`)
  }
})
