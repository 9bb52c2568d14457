import type { PostgresServer } from '@poolsafe/testing/servers'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runChild } from '../child.ts'

/** The development dependencies that its PostgreSQL tests need; the others are not installed. */
const dependencies: ReadonlySet<string> = new Set([
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
])

/** Installs Kysely's dependencies, and builds it and its tests. */
export async function installKysely(folder: string): Promise<void> {
  const path = join(folder, 'package.json')
  const content = JSON.parse(await readFile(path, 'utf8')) as {
    devDependencies?: Record<string, string>
    packageManager?: string
  }
  content.devDependencies = Object.fromEntries(
    Object.entries(content.devDependencies ?? {}).filter(([name]) => dependencies.has(name)),
  )
  delete content.packageManager
  await writeFile(path, JSON.stringify(content))
  await Promise.all(['pnpm-lock.yaml', 'pnpm-workspace.yaml'].map((file) => rm(join(folder, file), { force: true })))
  const options = { cwd: folder, limitMillis: 300_000 }
  const { code, stderr } = await runChild('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], options)
  if (code !== 0) throw new Error(`npm install failed in ${folder}:\n${stderr}`)
  // A type that is missing, such as that of another database's driver, leaves the tests as they are.
  await runChild('npx', ['tsc'], options)
  await runChild('npx', ['tsc', '-p', 'test/node'], options)
}

/** Kysely's tests keep the address of the server in their own code. */
export async function pointAtServer(
  folder: string,
  { host, port }: Pick<PostgresServer, 'host' | 'port'>,
): Promise<void> {
  const setup = join(folder, 'test/node/dist/test-setup.js')
  const text = await readFile(setup, 'utf8')
  const address = /host: '[^']+',(\s+user: 'kysely',\s+password: 'kysely',\s+)port: \d+,(\s+max: )/
  if (!address.test(text)) throw new Error(`no address of a server in ${setup}`)
  await writeFile(setup, text.replace(address, `host: '${host}',$1port: ${port},$2`))
}
