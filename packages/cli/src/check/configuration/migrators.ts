import { isDirect } from '../code/receivers.ts'
import type { SourceFile } from '../code/source-file.ts'
import type { Call } from '../code/syntax.ts'
import { isForOtherDatabase } from './nearest-package.ts'
import { setting, callsTo, imports, objectAt, type Detector, type Fact } from './detector.ts'

const lock = { sql: 'SELECT pg_advisory_lock(1)' }
const direct = 'run migrations over a direct URL (DIRECT_URL), which goes round the pooler'

/** Kysely's Migrator takes a session lock; a dialect guarded with `migrations: 'transaction'` does not. */
export const kyselyMigrator: Detector = {
  words: /\bnew\s+Migrator\b/,
  find: (file) =>
    imports(file, /^kysely/) &&
    !isForOtherDatabase(file.syntax.path, 'kysely') &&
    !/\bmigrations\s*:\s*['"]transaction['"]/.test(file.syntax.source)
      ? callsTo(file, /^Migrator$/).flatMap((call) =>
          factOf(
            call,
            file,
            'Kysely’s Migrator takes a session lock',
            `guardDialect(dialect, guard, { migrations: 'transaction' }), or ${direct}`,
          ),
        )
      : [],
}

/** Migrators that take a session lock, by their module. */
const migrators: readonly { readonly module: RegExp; readonly call: RegExp; readonly name: string }[] = [
  { module: /^node-pg-migrate$/, call: /^(?:migrate|runner|run|pgMigrate|migrationRunner)$/, name: 'node-pg-migrate' },
  { module: /^postgres-migrations$/, call: /^migrate$/, name: 'postgres-migrations' },
]

export const lockingMigrators: Detector = {
  words: /['"](?:node-pg-migrate|postgres-migrations)['"]/,
  find: (file) =>
    migrators.flatMap(({ module, call: name, name: library }) =>
      imports(file, module)
        ? callsTo(file, name).flatMap((call) => factOf(call, file, `${library} takes a session lock`, direct))
        : [],
    ),
}

function factOf(call: Call, file: SourceFile, what: string, instead: string): Fact[] {
  const isUnlocked = setting(objectAt(call, 0, file), 'noLock') !== undefined
  return isUnlocked || isDirect(call, file)
    ? []
    : [{ node: call.callee, what, sends: lock, instead, isOfMigrations: true }]
}

/** Migrators that send `SET search_path`: Postgrator for `currentSchema`, db-migrate always (db-migrate-pg, index.js). */
export const settingMigrators: Detector = {
  words: /['"](?:postgrator|db-migrate|node-pg-migrate)['"]/,
  find: (file) => [
    ...(imports(file, /^postgrator$/)
      ? callsTo(file, /^Postgrator$/).flatMap((call) => pathOf(call, file, 'Postgrator', 'currentSchema'))
      : []),
    ...(imports(file, /^node-pg-migrate$/)
      ? callsTo(file, /^(?:migrate|runner|run|pgMigrate|migrationRunner)$/).flatMap((call) =>
          pathOf(call, file, 'node-pg-migrate', 'schema'),
        )
      : []),
    ...(imports(file, /^db-migrate$/)
      ? callsTo(file, /^getInstance$/).flatMap((call) => pathOf(call, file, 'db-migrate'))
      : []),
  ],
}

/** @param option without which the migrator leaves the search path alone */
function pathOf(call: Call, file: SourceFile, name: string, option?: string): Fact[] {
  const node = option === undefined ? call.callee : setting(objectAt(call, 0, file), option)
  if (node === undefined || isDirect(call, file)) return []
  const what = option === undefined ? `${name} sends` : `${option} makes ${name} send`
  return [
    {
      node,
      what: `${what} SET search_path`,
      sends: { sql: 'SET search_path TO a' },
      instead: direct,
      isOfMigrations: true,
    },
  ]
}
