import { fold, isSqlTag } from './fold.ts'
import type { CodeText } from './code-text.ts'
import { propertyOf } from './names.ts'
import { isDeferred } from './deferred.ts'
import { isInTransaction, isTransactionCall, kindOfReceiver } from './receivers.ts'
import type { SourceFile } from './source-file.ts'
import { bare, chainOf, isCall, lastName, type Call, type Node, type Tagged } from './syntax.ts'

/** Methods that send their first argument as it is. */
const sending =
  /^(?:query|execute|raw|unsafe|\$queryRaw(?:Unsafe)?|\$executeRaw(?:Unsafe)?|rawQuery|runSql|addSql|sql|executeQuery|any|many|maybeOne|one|oneFirst|anyFirst|manyFirst|none|oneOrNone|manyOrNone|multi|multiResult|result|stream|queryArray|queryObject)$/
/** Classes of drivers whose first argument is a text. */
const queryClass = /^(?:QueryStream|Cursor|Query)$/
/** Receivers that are databases by their name. */
const database =
  /db|database|pool|client|conn|knex|sequelize|prisma|manager|runner|^tx|trx|^t$|^task$|sql|postgres|^pg|session|reposit|repo$|source|orm|^em$|kysely|drizzle|pgm|^this$|schema|transaction|compiled/i

/** Finds the SQL texts of a file. */
export function findTexts(file: SourceFile): CodeText[] {
  const calls = file.syntax.calls.flatMap((call) => textsOfCall(call, file))
  const known = new Set(calls.map(({ node }) => node))
  // From the outside in: a template in a hole of another one is used by then.
  const tagged = file.syntax.tagged.flatMap((tag) =>
    known.has(tag) || file.used.has(tag.quasi) ? [] : textsOfTag(tag, file),
  )
  return [...calls, ...tagged].toSorted((one, other) => one.node.start - other.node.start)
}

function textsOfCall(call: Call, file: SourceFile): CodeText[] {
  const name = lastName(call.callee) ?? ''
  const callee = bare(call.callee)
  if (call.type === 'NewExpression')
    return queryClass.test(name) ? ofArgument(call, call.arguments[0], undefined, file) : []
  if (callee.type !== 'MemberExpression') return []
  // Kysely: sql`…`.execute(db)
  if (name === 'execute' && isSqlText(callee.object, file))
    return ofArgument(call, callee.object, call.arguments[0], file)
  if (!sending.test(name) || !isDatabase(callee.object, file)) return []
  return ofArgument(call, call.arguments[0], callee.object, file)
}

/** An expression that is a tagged template, or a constant that is one. */
function isSqlText(given: Node, file: SourceFile): boolean {
  const node = bare(given)
  if (node.type === 'TaggedTemplateExpression') return isSqlTag(node.tag, file)
  if (node.type === 'CallExpression') return /^sql\.raw$|^CompiledQuery\.raw$/.test(chainOf(node.callee).join('.'))
  const value = node.type === 'Identifier' ? file.names.valueOf(node.name, node) : undefined
  return value !== undefined && bare(value).type === 'TaggedTemplateExpression' && isSqlText(value, file)
}

function isDatabase(receiver: Node, file: SourceFile): boolean {
  const name = chainOf(receiver).at(-1) ?? ''
  return database.test(name) || kindOfReceiver(receiver, file) !== 'unknown'
}

function ofArgument(call: Call, given: Node | undefined, receiver: Node | undefined, file: SourceFile): CodeText[] {
  if (given === undefined) return []
  const argument = bare(given)
  const object = argument.type === 'Identifier' ? file.names.valueOf(argument.name, argument) : argument
  const text = object === undefined ? undefined : (propertyOf(object, 'text') ?? propertyOf(object, 'sql'))
  const node = text ?? argument
  if (!mayBeText(node)) return []
  const isNamed = object !== undefined && text !== undefined && isGiven(propertyOf(object, 'name'))
  return toText({ kind: 'call', node, sender: call, receiver, isSent: true, isNamed }, call, file)
}

function isGiven(node: Node | undefined): boolean {
  return node !== undefined && !(node.type === 'Identifier' && node.name === 'undefined')
}

const textTypes: ReadonlySet<string> = new Set([
  'Literal',
  'TemplateLiteral',
  'TaggedTemplateExpression',
  'BinaryExpression',
  'ConditionalExpression',
  'LogicalExpression',
  'Identifier',
  'MemberExpression',
  'CallExpression',
])

function mayBeText(node: Node): boolean {
  return textTypes.has(node.type)
}

function textsOfTag(tag: Tagged, file: SourceFile): CodeText[] {
  const chain = chainOf(tag.tag)
  if (!isSqlTag(tag.tag, file)) return []
  const callee = bare(tag.tag)
  const isRaw = /^\$?(?:queryRaw|executeRaw|rawQuery)$/.test(chain.at(-1) ?? '')
  const receiver = isRaw && callee.type === 'MemberExpression' ? callee.object : callee
  const isSent = isRaw || isAwaited(tag, file)
  return toText({ kind: 'tag', node: tag, sender: tag, receiver, isSent, isNamed: false }, tag, file)
}

/** A template of postgres.js and the like is sent when it is awaited or returned from the callback of a transaction. */
function isAwaited(tag: Tagged, { syntax }: SourceFile): boolean {
  let node: Node = tag
  for (let around = syntax.parents.get(tag); around !== undefined; around = syntax.parents.get(around)) {
    if (around.type === 'AwaitExpression') return true
    if (around.type === 'ReturnStatement' || (around.type === 'ArrowFunctionExpression' && around.body === node))
      return isReturnedToTransaction(around, syntax.parents)
    if (!transparent.has(around.type)) return false
    node = around
  }
  return false
}

const transparent: ReadonlySet<string> = new Set([
  'ParenthesizedExpression',
  'TSAsExpression',
  'TSNonNullExpression',
  'ArrayExpression',
])

function isReturnedToTransaction(node: Node, parents: ReadonlyMap<Node, Node>): boolean {
  for (let at: Node | undefined = node; at !== undefined; at = parents.get(at)) {
    if (at.type !== 'ArrowFunctionExpression' && at.type !== 'FunctionExpression') continue
    const call = parents.get(at)
    return call !== undefined && isTransactionCall(call)
  }
  return false
}

interface Found extends Pick<CodeText, 'kind' | 'node' | 'sender' | 'isSent' | 'isNamed'> {
  readonly receiver: Node | undefined
}

function toText(found: Found, sender: Node, file: SourceFile): CodeText[] {
  const { receiver, node } = found
  const variants = fold(node, file)
  if (!variants.some((pieces) => pieces.some((piece) => 'fixed' in piece && piece.fixed.trim() !== ''))) return []
  const kind = isDeferred(sender, file) ? 'unknown' : kindOfReceiver(receiver, file)
  return [
    {
      ...found,
      name: nameOf(sender),
      variants,
      receiver: kind,
      receiverName: receiver === undefined ? '' : chainOf(receiver).join('.'),
      isInTransaction: kind === 'transaction' || isInTransaction(sender, file) || hasTransactionOption(sender, file),
    },
  ]
}

function nameOf(sender: Node): string {
  const callee = isCall(sender) ? sender.callee : sender.type === 'TaggedTemplateExpression' ? sender.tag : sender
  return chainOf(callee).slice(-2).join('.')
}

/** Sequelize's `{ transaction }`, Knex' `.transacting(trx)`. */
function hasTransactionOption(sender: Node, { syntax }: SourceFile): boolean {
  if (isCall(sender) && sender.arguments.some((each) => isGiven(propertyOf(each, 'transaction')))) return true
  const around = syntax.parents.get(sender)
  return around?.type === 'MemberExpression' && /^(?:transacting|connection)$/.test(lastName(around) ?? '')
}
