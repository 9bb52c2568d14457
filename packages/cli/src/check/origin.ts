import { matchesGlob } from 'node:path'
import type { Origin } from './finding.ts'
import { hasSections } from './sql/sections.ts'

/** The folders of Prisma, Kysely, Drizzle, TypeORM, Knex, Sequelize, node-pg-migrate, Flyway, goose, dbmate. */
const migrationPath =
  /(?:^|[/_.-])(?:migrations?|migrate|migrators?|flyway|changelogs?|changesets?|upgrades?)(?:[/_.-]|\.[jt]s$)|(?:^|\/)drizzle\/(?:.*\/)?\d+[^/]*\.sql$|(?:^|\/)V\d[\d._]*__[^/]*\.sql$/i
const migrationCode = /\bimplements\s+MigrationInterface\b|\bMigrationBuilder\b/
/** A file that exports both `up` and `down`. */
const step = (name: string): RegExp =>
  new RegExp(
    String.raw`^\s*(?:export\s+(?:async\s+)?(?:function|const)\s+${name}\b|(?:module\.)?exports\.${name}\s*=|(?:async\s+)?${name}\s*:?\s*(?:async\s*)?(?:function\s*)?\(\s*(?:queryInterface|knex|pgm|db)\b)`,
    'm',
  )
const steps = [step('up'), step('down')]
/** Prisma's TypedSQL, PgTyped and sqlc: statements that the application sends. */
const queryPath = /(?:^|\/)prisma\/sql\/[^/]+\.sql$/
const queryAnnotation = /^\s*(?:--\s*name:\s*\S+|\/\*\s*@name\b)/im

/**
 * Returns what a file is: SQL that the application sends, a migration, or a script.
 *
 * @param path with slashes
 * @param folders globs of migrations from the configuration
 */
export function originOf(path: string, source: string, folders: readonly string[]): Origin {
  if (folders.some((glob) => matchesGlob(path, glob))) return 'migration'
  if (path.endsWith('.sql')) return originOfScript(path, source)
  const isMigration = isMigrationFile(path) || migrationCode.test(source) || steps.every((each) => each.test(source))
  return isMigration ? 'migration' : 'code'
}

function originOfScript(path: string, source: string): Origin {
  if (queryPath.test(path) || queryAnnotation.test(source)) return 'code'
  return migrationPath.test(path) || hasSections(source) ? 'migration' : 'sql'
}

/**
 * A folder with the name, or the script that runs migrations. A file in such a folder may run at request time, so what
 * it does is reported, as a note.
 */
function isMigrationFile(path: string): boolean {
  return migrationPath.test(path) || /(?:^|\/)(?:run-?)?migrat(?:e|ions?|or)\.[mc]?[jt]s$/i.test(path)
}
