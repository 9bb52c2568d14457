import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

// An ES module that imports one of these makes Node evaluate all of its exports, lazy ones too: 2 to 20 ms, which each
// application would pay at its start. `process.getBuiltinModule()` loads the module when it is needed, and only that.

const packages = join(import.meta.dirname, '../..')
const dear = [
  'child_process',
  'crypto',
  'fs',
  'fs/promises',
  'http',
  'https',
  'inspector',
  'stream',
  'tls',
  'util',
  'worker_threads',
]
const dearImport = new RegExp(`^import (?!type\\b).* from '(?:node:)?(?:${dear.join('|')})'`, 'm')

/** The sources of packages that applications import before their first query. */
const sources = globSync('{core,pg,kysely,prisma,postgres-js,metrics}/src/**/*.ts', { cwd: packages })
  .filter((file) => !file.endsWith('.test.ts'))
  // The build puts another file in its place.
  .filter((file) => !file.endsWith('sql/parser-files.ts'))

test('no module that applications import at their start imports a module of Node that is slow to import', () => {
  expect(sources.length).toBeGreaterThan(300)
  expect(sources.filter((file) => dearImport.test(readFileSync(join(packages, file), 'utf8')))).toEqual([])
})
