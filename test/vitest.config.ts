import { defineConfig } from 'vitest/config'

// Packages are tested as they are in the tree, not as they were built.
const conditions = ['@poolsafe/source', 'module', 'node', 'development|production']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    include: ['packages/*/src/**/*.test.ts', 'test/**/*.test.ts', 'examples/*/src/**/*.test.ts'],
    // Limits that end what hangs; a slow machine must not reach them.
    testTimeout: 120_000,
    hookTimeout: 300_000,
    globalSetup: ['test/setup/generate.ts'],
    // Two cores: each file starts servers of its own.
    maxWorkers: 2,
  },
})
