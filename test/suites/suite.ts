import type { PostgresServer } from '@poolsafe/testing/servers'

/** What became of each test of a suite, by its title or file. */
export type Results = ReadonlyMap<string, 'passed' | 'failed'>

/** The test suite of a library, run once as it is and once with poolsafe between the library and its tests. */
export interface Suite {
  readonly name: string
  /** The repository that holds the suite: a name of {@link repositories}. */
  readonly repository: 'node-postgres'
  /** @param folder the repository's work tree, with what its tests depend on */
  run(folder: string, guarded: boolean, server: PostgresServer): Promise<Results>
}

/** Where the repositories are cloned from unless the command line names another place, for example a mirror on this machine. */
export const repositories: { readonly [Name in Suite['repository']]: string } = {
  'node-postgres': 'https://github.com/brianc/node-postgres',
}

/** The PostgreSQL of the run, as libpq and node-postgres read it from the environment. */
export function environment(server: PostgresServer): Readonly<Record<string, string>> {
  const { hostname, port, username, password } = new URL(server.url)
  return { PGHOST: hostname, PGPORT: port, PGUSER: username, PGPASSWORD: password, PGDATABASE: server.database }
}
