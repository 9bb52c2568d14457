import { ancestors, lastName, type Node } from './syntax.ts'
import type { SourceFile } from './source-file.ts'

const others =
  'mysql2?|mariadb|(?:better-)?sqlite3?|libsql|turso|mssql|tedious|oracle(?:db)?|cockroach(?:db)?|pglite\\w*|clickhouse|duckdb'
/** `type === 'mysql'`, `isSqlite`, `dialect.isMysql()`. */
const isOther = new RegExp(String.raw`(?<!!)={2,3}\s*['"\`](?:${others})['"\`]|(?<!!\s*)\bis(?:${others})\b`, 'i')
const isPostgres = /(?<!!)={2,3}\s*['"`](?:pg|postgres(?:ql)?)['"`]|(?<!!\s*)\bis(?:Pg|Postgres(?:ql)?)\b/i
const isNotPostgres = /!={1,2}\s*['"`](?:pg|postgres(?:ql)?)['"`]|!\s*is(?:Pg|Postgres(?:ql)?)\b/i

/** Returns true for code that runs only with another database: `if (dialect === 'sqlite') …`, `case 'mysql':`. */
export function isOfOtherDatabase(node: Node, { syntax }: SourceFile): boolean {
  let inner = node
  for (const around of ancestors(syntax, node)) {
    if (around.type === 'IfStatement' || around.type === 'ConditionalExpression') {
      const test = syntax.source.slice(around.test.start, around.test.end)
      if (inner === around.consequent && (isNotPostgres.test(test) || (isOther.test(test) && !isPostgres.test(test))))
        return true
      if (inner === around.alternate && isPostgres.test(test) && !test.includes('&&')) return true
    }
    if (around.type === 'SwitchCase' && inner !== around.test && isOtherCase(around.test)) return true
    inner = around
  }
  return false
}

/** `case 'mysql':`, `case DatabaseType.mysql:` */
function isOtherCase(test: Node | null): boolean {
  if (test === null) return false
  const name = test.type === 'Literal' ? String(test.value) : (lastName(test) ?? '')
  return new RegExp(`^(?:${others})$`, 'i').test(name)
}
