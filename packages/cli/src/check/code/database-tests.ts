const others =
  'mysql2?|mariadb|(?:better-)?sqlite3?|libsql|turso|mssql|tedious|oracle(?:db)?|cockroach(?:db)?|pglite\\w*|clickhouse|duckdb'
/** Names that `isMysql` and `db.isMysql` are behind. */
const notBehind = String.raw`(?<!!\s*(?:[\w$]+\.)*)\bis`
const negated = String.raw`!\s*(?:[\w$]+\.)*is`
const pg = '(?:pg|postgres(?:ql)?)'
const quoted = (names: string): string => String.raw`\s*['"\`]${names}['"\`]`
const equals = (names: string): RegExp =>
  new RegExp(String.raw`(?<!!)={2,3}${quoted(names)}|${notBehind}${names}\b`, 'i')
const differs = (names: string): RegExp => new RegExp(String.raw`!={1,2}${quoted(names)}|${negated}${names}\b`, 'i')
/** `type === 'mysql'`, `isSqlite`, `dialect.isMysql()`. */
const isOther = equals(`(?:${others})`)
const isNotOther = differs(`(?:${others})`)
const isPostgres = equals(pg)
const isNotPostgres = differs(pg)
/** `['mysql', 'mariadb'].includes(type)`, `engine == Engine.MySQL`, `driver instanceof SqliteDriver`. */
const words = 'my_?sql|maria_?db|sqlite|mssql|sql_?server|libsql|turso|duck_?db|click_?house|cockroach|pg_?lite'
const namesOther = new RegExp(
  String.raw`['"\`](?:${others})['"\`]|={2,3}\s*[\w$.]*\.(?:${words})\b|\binstanceof\s+[\w$.]*(?:${words})`,
  'i',
)
/** `!names.includes(type)`, `names.indexOf(type) === -1`, `names.indexOf(type) < 0`. */
const negation = /!|=\s*-1\b|<\s*0\b/
const namesPostgres = /postgres|\bpg\b/i
const otherCase = new RegExp(`^(?:${others})$`, 'i')

/** Returns true if what a condition lets through speaks to another database. */
export function isTestForOther(test: string): boolean {
  if (isNotPostgres.test(test)) return true
  if (isPostgres.test(test)) return false
  return isOther.test(test) || (namesOther.test(test) && !namesPostgres.test(test) && !negation.test(test))
}

/** Returns true if what a condition does not let through speaks to another database. */
export function isTestForPostgres(test: string): boolean {
  return isPostgres.test(test) && !test.includes('&&')
}

/** Returns true if an exit under this condition leaves another database: `isPostgres`, `dialect !== 'mysql'`. */
export function leavesOther(test: string): boolean {
  return !/&&|\|\|/.test(test) && (isPostgres.test(test) || isNotOther.test(test))
}

/** Returns true for the value of a case: `mysql`. */
export function isOtherCase(value: string): boolean {
  return otherCase.test(value)
}
