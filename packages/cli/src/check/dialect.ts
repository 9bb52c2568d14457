const others =
  'mysql2?|mariadb|sqlite3?|better-sqlite3|libsql|turso|mssql|sqlserver|sql-server|tedious|oracle(?:db)?|clickhouse|duckdb|snowflake|bigquery|databricks|redshift|trino|presto|spanner|cockroach(?:db)?|pglite|sap|hana|d1'
const otherPath = new RegExp(`(?:^|[/_.-])(?:${others})(?:[/_.-]|$)`, 'i')
const otherModule = new RegExp(`(?:^|[@/:-])(?:${others})(?:$|[/.-])|^@planetscale/|^sql\\.js$`, 'i')
const postgresModule =
  /^(?:pg|postgres|pg-promise|slonik|kysely|knex|typeorm|sequelize)$|^@prisma\/|postgres|\/pg(?!lite)|^drizzle-orm$/

/** In names of code, where a word such as `oracle` or `snowflake` may be something else. */
const inNames = 'my_?sql|maria_?db|sqlite|mssql|sql_?server|duck_?db|click_?house|big_?query|cockroach|pg_?lite'
const otherName = new RegExp(
  `^(?:is|as|get|run|query|exec|execute|create|use|with|to)?_?(?:${inNames})|(?:${inNames})$`,
  'i',
)
const postgresName = /[pP]ostgres|POSTGRES|[pP]gsql|(?:^|_)pg(?:$|[_A-Z])|Pg(?:$|[A-Z])/
/** The tools that carry data from one database to the other. */
const carrier = /from|import|migrat|convert|copy|transfer/i

/** Returns true for a module that speaks to nothing but PostgreSQL. */
export function isPostgresDriver(module: string): boolean {
  return /^(?:pg|pg-pool|postgres|pg-promise|slonik|@neondatabase\/serverless|@vercel\/postgres)$/.test(module)
}

/** Returns true for the path of a file for another database: `src/drivers/mysql/lock.ts`, `MySQLClient.ts`. */
export function isOtherPath(path: string): boolean {
  const file = path.slice(path.lastIndexOf('/') + 1).replace(/\..*/, '')
  return (otherPath.test(path) && !/postgres|(?:^|[/_.-])pg(?:[/_.-]|$)/i.test(path)) || isOtherName(file)
}

/** Returns true for the name of a class, a function or a value for another database: `MySqlDriver`, `sqliteDb`. */
export function isOtherName(name: string): boolean {
  return otherName.test(name) && !postgresName.test(name) && !carrier.test(name)
}

/** Returns true for a module that speaks to another database: `mysql2/promise`, `./drivers/sqlite`. */
export function isOtherModule(module: string): boolean {
  return otherModule.test(module) && !postgresModule.test(module)
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
