import type { SourceFile } from './source-file.ts'
import { bare, chainOf, lastName, type Call, type Node } from './syntax.ts'
import { classAround, fieldsOf, memberOf } from './values.ts'

const client = /^(?:Sql|TransactionSql|ReservedSql)$/

/** Returns true for a call that makes a client of postgres.js: `postgres(url)`, also under another name of the import. */
export function makesPostgresJs(call: Call, file: SourceFile): boolean {
  if (chainOf(call.callee).at(-1) === 'postgres') return true
  const callee = bare(call.callee)
  const imported = callee.type === 'Identifier' ? file.names.resolve(callee.name, callee)?.imported : undefined
  return imported?.module === 'postgres' && /^(?:default|\*)$/.test(imported.name)
}

/** The client of postgres.js that an expression holds. */
export interface PostgresJsClient {
  /** The call that makes it, if the file has it. */
  readonly made?: Call
}

/** Finds out whether an expression holds a client of postgres.js: by its value, or by its type. */
export function postgresJsClient(given: Node, file: SourceFile): PostgresJsClient | undefined {
  const node = bare(given)
  if (node.type === 'Identifier') return clientOfName(node, file)
  if (node.type !== 'MemberExpression' || bare(node.object).type !== 'ThisExpression') return undefined
  const [owner, name] = [classAround(node, file.syntax), lastName(node)]
  if (owner === undefined || name === undefined) return undefined
  const type = fieldsOf(owner).find((each) => each.name === name)?.type
  return clientOfValue(memberOf(owner, name), file) ?? (type !== undefined && isClientType(type, file) ? {} : undefined)
}

function clientOfName(node: Extract<Node, { type: 'Identifier' }>, file: SourceFile): PostgresJsClient | undefined {
  const found = file.names.resolve(node.name, node)
  if (found === undefined) return undefined
  const parameter = found.node.type === 'TSParameterProperty' ? found.node.parameter : found.node
  const written = parameter.type === 'AssignmentPattern' ? parameter.left : parameter
  const declared = written.type === 'VariableDeclarator' ? written.id : written
  const type = declared.type === 'Identifier' ? declared.typeAnnotation : undefined
  const isTyped = type !== undefined && type !== null && isClientType(type, file)
  return clientOfValue(file.names.valueOf(node.name, node), file) ?? (isTyped ? {} : undefined)
}

function clientOfValue(value: Node | undefined, file: SourceFile): PostgresJsClient | undefined {
  const node = value === undefined ? undefined : bare(value)
  return node?.type === 'CallExpression' && makesPostgresJs(node, file) ? { made: node } : undefined
}

/** `: Sql`, `: postgres.Sql<{}>`, where the name comes from postgres.js. */
function isClientType(type: Node, { names }: SourceFile): boolean {
  const written = type.type === 'TSTypeAnnotation' ? type.typeAnnotation : type
  if (written.type !== 'TSTypeReference') return false
  const { typeName: name } = written
  const [first, last] = name.type === 'TSQualifiedName' ? [name.left, name.right] : [name, name]
  const isOfPostgres = first.type === 'Identifier' && names.resolve(first.name, type)?.imported?.module === 'postgres'
  return isOfPostgres && last.type === 'Identifier' && client.test(last.name)
}
