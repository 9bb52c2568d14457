const others =
  'mysql2?|mariadb|sqlite3?|better-sqlite3|libsql|turso|mssql|sqlserver|sql-server|tedious|oracle(?:db)?|clickhouse|duckdb|snowflake|bigquery|databricks|redshift|trino|presto|spanner|cockroach(?:db)?|sap|hana|d1'
const otherPath = new RegExp(`(?:^|[/_.-])(?:${others})(?:[/_.-]|$)`, 'i')
const otherModule = new RegExp(`(?:^|[@/:-])(?:${others})(?:$|[/-])`, 'i')
const postgresModule =
  /^(?:pg|postgres|pg-promise|slonik|kysely|knex|typeorm|sequelize)$|^@prisma\/|postgres|\/pg|^drizzle-orm$/

/** Returns true for the path of a file for another database: `src/drivers/mysql/lock.ts`. */
export function isOtherPath(path: string): boolean {
  return otherPath.test(path) && !/postgres|(?:^|[/_.-])pg(?:[/_.-]|$)/i.test(path)
}

/** Returns true for a file that imports a driver of another database, and none that speaks to PostgreSQL. */
export function importsOther(modules: ReadonlySet<string>): boolean {
  const names = [...modules]
  return names.some((name) => otherModule.test(name)) && !names.some((name) => postgresModule.test(name))
}

const otherSyntax =
  /`[\w ]+`\s*[(,.]|\bENGINE\s*=|\bAUTO_?INCREMENT\b|\/\*!\d|^\s*(?:PRAGMA|GO|USE)\b|\bNVARCHAR\b|\bMergeTree\b|\bDATETIME2?\s*(?:\(|NOT|,)|@@\w|\[dbo\]/im

/** Returns true for a script that is written for another database. */
export function isOtherScript(sql: string): boolean {
  return otherSyntax.test(sql)
}

/** Settings of MySQL, which PostgreSQL would read as a SET of its own. */
const otherSetting =
  /^\s*SET\s+(?:GLOBAL\s+|SESSION\s+|@@?)?(?:@|foreign_key_checks|unique_checks|sql_\w+|autocommit|innodb_\w+|group_concat_max_len|character_set_\w+|collation_connection|wait_timeout|max_\w+|NAMES\s+['"]?utf8|tidb_\w+)/i

/** Returns true for a statement that only another database has, although PostgreSQL's grammar reads it. */
export function isOtherStatement(sql: string): boolean {
  return otherSetting.test(sql)
}
