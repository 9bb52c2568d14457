import type { PostgresServer } from '@poolsafe/testing/servers'
import type { RepositoryName } from './repositories.ts'

/**
 * The result of each test of a suite, by its title or file: the message of a failure, or `undefined` for a test that
 * passed.
 */
export type Results = ReadonlyMap<string, string | undefined>

/** One run of a suite. */
export interface Run {
  readonly isGuarded: boolean
  /** For the module that guards the suite's pools: how. */
  readonly guardEnv?: Readonly<Record<string, string>>
  /** The server that the suite connects to: a PostgreSQL, or a pooler in front of it. */
  readonly server: Pick<PostgresServer, 'host' | 'port' | 'url' | 'database'>
  /** The one test to run, by its title or file; all where it is missing. */
  readonly only?: string
}

/** The test suite of another project, which has to pass with its pools guarded wherever it passes without. */
export interface Suite {
  readonly name: string
  readonly repository: RepositoryName
  /** Statements that make what its tests expect of the server. */
  readonly database?: readonly string[]
  /** Passwords of the users that its tests log in as. */
  readonly users?: Readonly<Record<string, string>>
  /** @param folder the repository's work tree, with what its tests depend on */
  run(folder: string, run: Run): Promise<Results>
}

/** The PostgreSQL of the run, as libpq and node-postgres read it from the environment. */
export function environment(server: Run['server']): Readonly<Record<string, string>> {
  const { hostname, port, username, password } = new URL(server.url)
  return { PGHOST: hostname, PGPORT: port, PGUSER: username, PGPASSWORD: password, PGDATABASE: server.database }
}
