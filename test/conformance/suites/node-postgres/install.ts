import { rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runChild } from '../child.ts'

/**
 * Packages of the repository that its tests load from their sources. pg-protocol needs a build: it comes from the
 * registry.
 */
const own = ['pg', 'pg-pool', 'pg-cursor', 'pg-query-stream', 'pg-connection-string']

/** The dependencies of the tests of those packages, in the versions that their manifests ask for. */
const dependencies = [
  'mocha@11',
  'bluebird@3.7.2',
  'co@4.6.0',
  'expect.js@0.3.1',
  'lodash@4',
  'async@2.6.4',
  'pg-copy-streams@0.3.0',
  'pg-protocol@1',
  'pg-types@2',
  'pgpass@1',
  'pg-int8@1',
  'postgres-interval@1',
  'concat-stream@1.0.1',
  'JSONStream@1.3.5',
  'stream-spec@0.3.5',
  'tsx@4',
]

/** Installs what the suites of node-postgres need, without the repository's own yarn, build and Cloudflare workers. */
export async function installNodePostgres(folder: string): Promise<void> {
  for (const file of ['yarn.lock', 'lerna.json']) rmSync(join(folder, file), { force: true })
  writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--no-package-lock', ...dependencies]
  const { code, stderr } = await runChild('npm', args, { cwd: folder, limitMillis: 300_000 })
  if (code !== 0) throw new Error(`npm install failed in ${folder}:\n${stderr}`)
  for (const name of own) {
    const link = join(folder, 'node_modules', name)
    rmSync(link, { recursive: true, force: true })
    symlinkSync(join('../packages', name), link)
  }
  // Its dist is not in the repository; tsx runs the source.
  const stream = join(folder, 'packages/pg-query-stream')
  writeFileSync(join(stream, 'package.json'), '{ "name": "pg-query-stream", "main": "./src/index.ts" }')
}
