import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const folder = process.env.APP === 'faulty' ? 'faulty' : 'src'

export default defineConfig({
  resolve: { alias: { '#shop': fileURLToPath(new URL(`${folder}/index.ts`, import.meta.url)) } },
  test: {
    include: ['test/**/*.test.ts'],
    // The only line that strict mode needs.
    setupFiles: process.env.CHECKS === 'none' ? [] : ['@poolsafe/testing/strict'],
    hookTimeout: 60_000,
  },
})
