import { mergeConfig, type ViteUserConfig } from 'vitest/config'
import base from '../vitest.config.ts'

// The tests of the fixtures once more, with real containers. `npm test` runs them without Docker.

for (const [variable, example] of [
  ['POOLSAFE_POSTGRES_IMAGE', 'postgres:18'],
  ['POOLSAFE_PGBOUNCER_IMAGE', 'edoburu/pgbouncer:v1.25.2-p0'],
]) {
  if (!process.env[variable!]) {
    throw new Error(`npm run test:containers needs Docker, and an image in ${variable}, such as ${example}; \`npm test\` needs neither`)
  }
}

const own: ViteUserConfig = { test: { globalSetup: [] } }
const merged = mergeConfig(base, own) as ViteUserConfig
export default { ...merged, test: { ...merged.test, include: ['test/containers/*.test.ts'] } } satisfies ViteUserConfig
