import { isOtherModule, isOtherName } from '../dialect.ts'
import type { Declaration } from './names.ts'
import type { SourceFile } from './source-file.ts'
import { ancestors, bare, chainOf, isCall, lastName, type Node } from './syntax.ts'

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

/**
 * Returns true for code that runs only with another database: `if (dialect === 'sqlite') …`, `case 'mysql':`, what
 * follows `if (isPostgres) return …`, a class or a receiver that is named after one, a client of another driver.
 */
export function isOfOtherDatabase(node: Node, file: SourceFile): boolean {
  const { syntax } = file
  if (isSentToOther(node, file)) return true
  let inner = node
  for (const around of ancestors(syntax, node)) {
    if (isOtherBranch(around, inner, file) || isBehindExit(around, inner, file) || isOtherName(ownName(around) ?? ''))
      return true
    inner = around
  }
  return false
}

function isOtherBranch(around: Node, inner: Node, file: SourceFile): boolean {
  if (around.type === 'IfStatement' || around.type === 'ConditionalExpression') {
    if (inner === around.consequent) return leadsToOther(textOf(around.test, file))
    const test = textOf(around.test, file)
    return inner === around.alternate && isPostgres.test(test) && !test.includes('&&')
  }
  return around.type === 'SwitchCase' && inner !== around.test && isOtherCase(around.test)
}

function leadsToOther(test: string): boolean {
  return isNotPostgres.test(test) || (isOther.test(test) && !isPostgres.test(test))
}

/** `if (isPostgres) { …; return }` and `if (dialect !== 'mysql') return` before it in the same block. */
function isBehindExit(around: Node, inner: Node, file: SourceFile): boolean {
  if (around.type !== 'BlockStatement') return false
  return around.body.some((each) => {
    if (each.start >= inner.start || each.type !== 'IfStatement' || each.alternate !== null) return false
    const test = textOf(each.test, file)
    const isExit = !test.includes('&&') && exits(each.consequent)
    return (
      isExit && ((isPostgres.test(test) && !test.includes('||')) || (isNotOther.test(test) && !test.includes('||')))
    )
  })
}

function exits(node: Node): boolean {
  if (node.type === 'BlockStatement') {
    const last = node.body.at(-1)
    return last !== undefined && exits(last)
  }
  return /^(?:Return|Throw|Continue|Break)Statement$/.test(node.type)
}

/** `case 'mysql':`, `case DatabaseType.mysql:` */
function isOtherCase(test: Node | null): boolean {
  if (test === null) return false
  const name = test.type === 'Literal' ? String(test.value) : (lastName(test) ?? '')
  return new RegExp(`^(?:${others})$`, 'i').test(name)
}

/** The name of a class, of a function, of a method, or of the key of an object. */
function ownName(node: Node): string | undefined {
  switch (node.type) {
    case 'ClassDeclaration':
    case 'FunctionDeclaration':
      return node.id?.name
    case 'MethodDefinition':
    case 'PropertyDefinition':
    case 'Property':
      return node.key.type === 'Identifier' ? node.key.name : undefined
    case 'VariableDeclarator':
      return node.id.type === 'Identifier' ? node.id.name : undefined
    default:
      return undefined
  }
}

/** A receiver that is named after another database, or comes from a driver of one. */
function isSentToOther(sender: Node, file: SourceFile): boolean {
  const callee = isCall(sender) ? sender.callee : sender.type === 'TaggedTemplateExpression' ? sender.tag : undefined
  const at = callee === undefined ? undefined : bare(callee)
  if (at?.type !== 'MemberExpression') return false
  return chainOf(at.object).some((name) => isOtherName(name)) || comesFromOther(at.object, file, 0)
}

/** How many constants are followed from a receiver to its driver. */
const mostSteps = 4

function comesFromOther(node: Node, file: SourceFile, steps: number): boolean {
  const [root = '?'] = chainOf(node)
  const found = file.names.resolve(root, node)
  if (found === undefined || steps > mostSteps) return false
  if (found.imported !== undefined) return isOtherModule(found.imported.module)
  if (found.init !== undefined && found.init !== node && found.functionOf === undefined)
    return comesFromOther(found.init, file, steps + 1)
  return hasOtherType(found, file)
}

/** `connection: mysql.Connection`, of which the file imports the type. */
function hasOtherType({ node, functionOf }: Declaration, file: SourceFile): boolean {
  if (functionOf === undefined) return false
  const type = /:\s*(\w+)/.exec(textOf(node, file))?.[1]
  const found = type === undefined ? undefined : file.names.resolve(type, functionOf)
  return found?.imported !== undefined && isOtherModule(found.imported.module)
}

function textOf({ start, end }: Node, { syntax }: SourceFile): string {
  return syntax.source.slice(start, end)
}
