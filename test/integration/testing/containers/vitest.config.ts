import { defineConfig } from 'vitest/config'
import base from '../../../vitest.config.ts'

// The tests of the fixtures with real containers. `npm test` runs the same files without.

const examples = { POOLSAFE_POSTGRES_IMAGE: 'postgres:18', POOLSAFE_PGBOUNCER_IMAGE: 'edoburu/pgbouncer:v1.25.2-p0' }

for (const [variable, example] of Object.entries(examples)) {
  if (process.env[variable]) continue
  throw new Error(
    `npm run test:containers needs Docker, and an image in ${variable}, such as ${example}; npm test needs neither`,
  )
}

const { projects: _projects, ...limits } = base.test ?? {}

export default defineConfig({
  ...base,
  test: { ...limits, include: ['test/integration/testing/containers/*.test.ts'] },
})
