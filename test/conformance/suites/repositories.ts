import { installKysely } from './kysely/install.ts'
import { installNodePostgres } from './node-postgres/install.ts'

/** A repository that holds suites. It is never part of this one. */
export interface Repository {
  readonly url: string
  /** The tag or commit that the figures in docs/conformance-suites.md are of. */
  readonly version: string
  /** Installs and builds what its tests need, in its work tree. */
  readonly install: (folder: string) => Promise<void>
}

export const repositories = {
  'node-postgres': {
    url: 'https://github.com/brianc/node-postgres',
    version: 'c9e57617bc92c2ded23a75345f50eadc527bd131',
    install: installNodePostgres,
  },
  kysely: { url: 'https://github.com/kysely-org/kysely', version: 'v0.29.5', install: installKysely },
} satisfies Readonly<Record<string, Repository>>

/** A name of {@link repositories}. */
export type RepositoryName = keyof typeof repositories
