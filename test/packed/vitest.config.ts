import { defineConfig } from 'vitest/config'
import { entryOf, moduleSystems, unpackTarballs } from './packed.ts'

// npm run test:packed -- <test files> Runs test files against the packages in the tarballs of `npm run build`: once
// with their ES modules, once with CommonJS.

unpackTarballs()

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: moduleSystems.map((system) => ({
      plugins: [
        {
          name: 'packed',
          enforce: 'pre',
          resolveId: (specifier: string) =>
            /^(?:@poolsafe\/|poolsafe$)/.test(specifier) ? entryOf(specifier, system) : undefined,
        },
      ],
      test: {
        name: system,
        include: ['test/**/*.test.ts'],
        env: { POOLSAFE_PACKED: system },
        globalSetup: ['test/setup/generate.ts'],
        testTimeout: 120_000,
        hookTimeout: 300_000,
      },
    })),
  },
})
