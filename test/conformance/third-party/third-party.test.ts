import { describeConformance } from '@poolsafe/testing/conformance'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as vitest from 'vitest'
import { knexAdapter } from './knex-adapter.ts'

// The adapter of docs/adapters.md, written against `@poolsafe/core/adapter` alone.

describeConformance(knexAdapter, vitest)

vitest.test('docs/adapters.md shows this adapter', () => {
  const folder = import.meta.dirname
  const page = readFileSync(join(folder, '../../../docs/adapters.md'), 'utf8')
  for (const file of ['guard-knex.ts', 'knex-adapter.ts'])
    vitest.expect(page).toContain(`\`\`\`ts\n${readFileSync(join(folder, file), 'utf8')}\`\`\``)
})
