import { postgresJsClient } from './postgres-js.ts'
import type { SourceFile } from './source-file.ts'
import { bare, chainOf, type Node } from './syntax.ts'

/** Tags and functions that return their text, with its layout changed. */
export const layoutTags: RegExp = /^(?:dedent|deindent|outdent|stripIndents?|oneLine|String\.raw|raw|heredoc)$/
/** Tags that make SQL. Their values travel beside the text. */
const sqlTag =
  /^(?:sql|SQL|Prisma\.sql|(?:.+\.)?(?:\$queryRaw|\$executeRaw|sql|fragment|unsafe|type|typeAlias|queryRaw|rawQuery))$/
/** Calls that make a name of a text. */
export const nameCalls: RegExp = /(?:^|\.)(?:ref|id|identifier|table|column|ident|identifiers|name)$/
/** Exports of libraries that are known by their name. */
const exportsOfLibraries = /^(?:sql|SQL|Prisma|CompiledQuery)$/

/** Returns true for a tag that makes SQL: by its name, by the configuration, or because it is a client of postgres.js. */
export function isSqlTag(tag: Node, file: SourceFile): boolean {
  const name = canonicalName(tag, file)
  return sqlTag.test(name) || file.tags.has(name) || isTemplateClient(tag, file)
}

/** Returns a chain of names with the name that a library gives to its start: `sql.raw` for `import { sql as q }`, `q.raw`. */
export function canonicalName(node: Node, { names }: SourceFile): string {
  const [root = '?', ...rest] = chainOf(node)
  const imported = names.resolve(root, node)?.imported
  const isKnown = imported !== undefined && exportsOfLibraries.test(imported.name)
  const isDefault = imported?.name === 'default' && /(?:^|\/)sql(?:-template\S*)?$/.test(imported.module)
  return [isKnown ? imported.name : isDefault ? 'sql' : root, ...rest].join('.')
}

/** A client that is a tag itself: `const client = postgres(url)`, the parameter of `client.begin(…)`. */
function isTemplateClient(tag: Node, file: SourceFile): boolean {
  if (postgresJsClient(tag, file) !== undefined) return true
  const node = bare(tag)
  if (node.type !== 'Identifier') return false
  const found = file.names.resolve(node.name, node)
  const value = found?.init === undefined ? undefined : bare(found.init)
  if (value?.type === 'CallExpression')
    return /^(?:postgres|neon|vercelPool|reserve)$/.test(chainOf(value.callee).at(-1) ?? '')
  const call = found?.functionOf === undefined ? undefined : file.syntax.parents.get(found.functionOf)
  if (call?.type === 'CallExpression' && /\.(?:begin|savepoint)$/.test(chainOf(call.callee).join('.'))) return true
  const type = found === undefined ? '' : file.syntax.source.slice(found.node.start, found.node.end)
  return /:\s*(?:postgres\.)?(?:Sql|TransactionSql|ReservedSql)\b/.test(type)
}
