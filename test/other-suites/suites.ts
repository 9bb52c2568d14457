import type { PostgresServer } from '@poolsafe/testing/servers'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** A test suite of another project, which has to pass with its pools guarded wherever it passes without. */
export interface Suite {
  /** The folder of its copy, below the folder of all copies. */
  readonly name: string
  readonly repository: string
  /** The commit or tag that the figures in docs/conformance-suites.md are of. */
  readonly version: string
  /** Development dependencies that its PostgreSQL tests need; the others are not installed. */
  readonly dependencies: readonly string[]
  /** Commands that build it, in its folder. */
  readonly build: readonly (readonly [command: string, ...args: string[]])[]
  /** Statements that make what its tests expect of the server. */
  readonly database: readonly string[]
  /** Points its tests at the server. */
  readonly connect: (folder: string, server: PostgresServer) => Promise<void>
  /** Mocha's arguments, in its folder. */
  readonly mocha: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** The module that guards what its tests open, beside this file. */
  readonly preload: string
}

/** The suite keeps the address in its own code. */
function replaced({ host, port }: PostgresServer): string {
  return `host: '${host}',$1port: ${port},$2`
}

export const suites: readonly Suite[] = [
  {
    name: 'kysely',
    repository: 'kysely-org/kysely',
    version: 'v0.29.5',
    dependencies: [
      '@electric-sql/pglite',
      '@types/better-sqlite3',
      '@types/chai',
      '@types/chai-as-promised',
      '@types/mocha',
      '@types/node',
      '@types/pg',
      '@types/pg-cursor',
      '@types/prototype-pollution-vulnerable-lodash.merge-dont-upgrade',
      '@types/semver',
      '@types/sinon',
      'better-sqlite3',
      'chai',
      'chai-as-promised',
      'esbuild',
      'mocha',
      'mysql2',
      'pathe',
      'pg',
      'pg-cursor',
      'prototype-pollution-vulnerable-lodash.merge-dont-upgrade',
      'remeda',
      'semver',
      'sinon',
      'std-env',
      'tarn',
      'tedious',
      'tsx',
      'typescript',
    ],
    build: [
      ['npx', 'tsc'],
      ['npx', 'tsc', '-p', 'test/node'],
    ],
    database: ["CREATE ROLE kysely LOGIN SUPERUSER PASSWORD 'kysely'", 'CREATE DATABASE kysely_test OWNER kysely'],
    async connect(folder, server) {
      const setup = join(folder, 'test/node/dist/test-setup.js')
      const text = await readFile(setup, 'utf8')
      await writeFile(
        setup,
        text.replace(/host: '[^']+',(\s+user: 'kysely',\s+password: 'kysely',\s+)port: \d+,(\s+max: )/, replaced(server)),
      )
    },
    mocha: ['--timeout', '30000', '--exit', 'test/node/dist/**/*.test.js'],
    env: { DIALECTS: 'postgres' },
    preload: 'guard-kysely.ts',
  },
]
