import { defineConfig } from 'vitest/config'
import { keepTemporaryFilesInMemory } from './setup/memory-folder.ts'
import { SlowestFirst } from './setup/slowest-first.ts'

keepTemporaryFilesInMemory()

// Packages are tested as they are in the tree, not as they were built.
const conditions = ['@poolsafe/source', 'module', 'node', 'development|production']

/** What needs neither a server nor a process of its own. */
const unit = ['packages/{core,pg,cli,config,operate}/src/**/*.test.ts']
/** Reads what all guards of its process have in common. */
const alone = ['packages/core/src/exceptions/unused.test.ts']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // Limits that end what hangs; a slow machine must not reach them.
    testTimeout: 120_000,
    hookTimeout: 300_000,
    // Two cores. Half of the tests' time is waiting for a server or a limit.
    maxWorkers: 4,
    sequence: { sequencer: SlowestFirst },
    projects: [
      { extends: true, test: { name: 'unit', include: unit, exclude: alone, isolate: false } },
      {
        extends: true,
        test: {
          name: 'servers',
          include: [
            ...alone,
            'packages/!(core|pg|cli|config|operate)/src/**/*.test.ts',
            'test/**/*.test.ts',
            'examples/*/src/**/*.test.ts',
          ],
          globalSetup: ['test/setup/generate.ts', 'test/setup/shared-postgres.ts'],
          setupFiles: ['test/setup/pooler-crashes.ts'],
          // Debian's PgBouncer 1.18 may crash when a CancelRequest arrives. No other failure is tried again.
          retry: { count: 5, condition: /^PgBouncer crashed of its own bug: / },
        },
      },
    ],
  },
})
