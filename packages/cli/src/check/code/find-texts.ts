import { mayCallFunctions, mayTouchSessions } from '../prefilter.ts'
import type { Piece, Pieces } from '../sql/pieces.ts'
import { fold } from './fold.ts'
import type { CodeText } from './code-text.ts'
import { propertyOf } from './names.ts'
import { isDeferred } from './deferred.ts'
import { isOfOtherDatabase } from './other-branch.ts'
import { isInTransaction, isTransactionCall, kindOfReceiver, type ReceiverKind } from './receivers.ts'
import { isGivenClient, sendsText, wrapperOf } from './senders.ts'
import { canonicalName, isSqlTag } from './sql-tags.ts'
import type { SourceFile } from './source-file.ts'
import { constantOf } from './variants.ts'
import { bare, chainOf, isCall, lastName, type Call, type Node, type Tagged } from './syntax.ts'

/** Classes of drivers whose first argument is a text. */
const queryClass = /^(?:QueryStream|Cursor|Query)$/
/** Methods of query builders that take a part of a statement: those of TypeORM, and the raw ones of Knex. */
const takesFragment =
  /^(?:select|addSelect|where|andWhere|orWhere|having|andHaving|orderBy|addOrderBy|(?:where|orWhere|andWhere|having|orderBy|groupBy|from|join|with)Raw)$/

/** Finds the SQL texts of a file. */
export function findTexts(file: SourceFile): CodeText[] {
  const calls = file.syntax.calls.flatMap((call) => textsOfCall(call, file))
  const known = new Set(calls.map(({ node }) => node))
  const marked = markedTexts(file).flatMap((node) => (known.has(node) ? [] : ofMarked(node, file)))
  // From the outside in: a template in a hole of another one is used by then.
  const tagged = file.syntax.tagged.flatMap((tag) =>
    known.has(tag) || file.used.has(tag.quasi) ? [] : textsOfTag(tag, file),
  )
  const all = [...calls, ...marked, ...tagged].filter(({ sender }) => !isOfOtherDatabase(sender, file))
  return all.toSorted((one, other) => one.node.start - other.node.start)
}

function textsOfCall(call: Call, file: SourceFile): CodeText[] {
  const name = lastName(call.callee) ?? ''
  const callee = bare(call.callee)
  const [first, second] = call.arguments
  if (call.type === 'NewExpression') return queryClass.test(name) ? ofArgument(call, first, undefined, file) : []
  const receiver = callee.type === 'MemberExpression' ? callee.object : undefined
  // Kysely: sql`…`.execute(db)
  if (name === 'execute' && receiver !== undefined && isSqlText(receiver, file))
    return ofArgument(call, receiver, first, file)
  if (first !== undefined && second !== undefined && isGivenClient(call, first, second))
    return ofArgument(call, second, first, file)
  if (sendsText(call, file)) return ofArgument(call, first, receiver, file)
  if (name === 'fn' && first?.type === 'Literal') return ofFunction(call, first, second, file)
  if (first !== undefined && takesFragment.test(name)) return ofFragment(call, first, receiver, file)
  return ofWrapper(call, file)
}

/** `run('SET …')`, where `run` is a function of the project that sends its parameter. */
function ofWrapper(call: Call, file: SourceFile): CodeText[] {
  const [root = '?'] = chainOf(call.callee)
  // The functions of other files are read only for a text with a word of a rule.
  if (file.names.resolve(root, call)?.imported !== undefined && !mayGiveText(call, file)) return []
  const wrapper = wrapperOf(call, file)
  const node = wrapper === undefined ? undefined : call.arguments[wrapper.index]
  if (wrapper === undefined || node === undefined || !mayBeText(node)) return []
  const { receiver: kind, isInTransaction: isInside } = wrapper
  const found: Found = {
    kind: 'call',
    node: bare(node),
    sender: call,
    receiver: undefined,
    isSent: true,
    isNamed: false,
  }
  return toText(found, call, file).map((text) =>
    Object.assign(text, { receiver: kind, isInTransaction: text.isInTransaction || isInside }),
  )
}

function mayGiveText(call: Call, file: SourceFile): boolean {
  return call.arguments.some((argument) => {
    if (!mayBeText(bare(argument))) return false
    const source = sourceOf(constantOf(argument, file) ?? argument, file)
    return mayTouchSessions(source) || file.mayNameStored(source)
  })
}

/** A part of a statement. Only functions can be found in it. */
function ofFragment(call: Call, given: Node, receiver: Node | undefined, file: SourceFile): CodeText[] {
  const node = bare(given)
  const isText = node.type === 'Literal' || node.type === 'TemplateLiteral'
  if (!isText || !mayCall(node, file)) return []
  return toText({ kind: 'call', node, sender: call, receiver, isSent: false, isNamed: false }, call, file)
}

/** Kysely: `eb.fn('pg_advisory_lock', [id])`. */
function ofFunction(call: Call, name: Node, list: Node | undefined, file: SourceFile): CodeText[] {
  if (!mayCall(name, file)) return []
  const found: Found = { kind: 'call', node: name, sender: call, receiver: undefined, isSent: false, isNamed: false }
  return toText(found, call, file).map((text) =>
    Object.assign(text, { variants: text.variants.map((pieces) => callOf(pieces, list, file)) }),
  )
}

function mayCall(node: Node, file: SourceFile): boolean {
  const source = sourceOf(node, file)
  return mayCallFunctions(source) || file.mayNameStored(source)
}

function callOf(name: Pieces, list: Node | undefined, file: SourceFile): Pieces {
  const at = list?.start ?? 0
  const pieces: Piece[] = [...name, { fixed: '(', at, isEscaped: true }]
  for (const [index, element] of (list?.type === 'ArrayExpression' ? list.elements : []).entries()) {
    if (index > 0) pieces.push({ fixed: ', ', at, isEscaped: true })
    if (element !== null) pieces.push(...(fold(element, file)[0] ?? []))
  }
  return [...pieces, { fixed: ')', at, isEscaped: true }]
}

function sourceOf({ start, end }: Node, { syntax }: SourceFile): string {
  return syntax.source.slice(start, end)
}

/** Literals and templates behind the comment that editors know: `/* sql *\/`. */
function markedTexts({ syntax }: SourceFile): Node[] {
  const marks = syntax.comments.filter(({ value }) => /^\s*sql\s*$/i.test(value))
  if (marks.length === 0) return []
  const starts = new Set(marks.map(({ end }) => end + syntax.source.slice(end).search(/\S|$/)))
  return syntax.nodes.filter(
    ({ type, start }) => (type === 'TemplateLiteral' || type === 'Literal') && starts.has(start),
  )
}

/** A marked text counts as sent if it is an argument. In a list or a constant it may be a part. */
function ofMarked(node: Node, file: SourceFile): CodeText[] {
  const call = file.syntax.parents.get(node)
  if (call === undefined || !isCall(call) || /^(?:push|concat|join|append)$/.test(lastName(call.callee) ?? ''))
    return []
  return toText({ kind: 'call', node, sender: call, receiver: undefined, isSent: true, isNamed: false }, call, file)
}

/** An expression that is a tagged template, or a constant that is one. */
function isSqlText(given: Node, file: SourceFile): boolean {
  const node = bare(given)
  if (node.type === 'TaggedTemplateExpression') return isSqlTag(node.tag, file)
  if (node.type === 'CallExpression') return /^sql\.raw$|^CompiledQuery\.raw$/.test(canonicalName(node.callee, file))
  const value = node.type === 'Identifier' ? file.names.valueOf(node.name, node) : undefined
  return value !== undefined && bare(value).type === 'TaggedTemplateExpression' && isSqlText(value, file)
}

function ofArgument(call: Call, given: Node | undefined, receiver: Node | undefined, file: SourceFile): CodeText[] {
  if (given === undefined) return []
  const argument = bare(given)
  const object = argument.type === 'Identifier' ? file.names.valueOf(argument.name, argument) : argument
  const text = object === undefined ? undefined : (propertyIn(object, 'text', file) ?? propertyIn(object, 'sql', file))
  const node = text ?? argument
  if (!mayBeText(node)) return []
  const isNamed = object !== undefined && text !== undefined && isGiven(propertyIn(object, 'name', file))
  return toText({ kind: 'call', node, sender: call, receiver, isSent: true, isNamed }, call, file)
}

/** A property of a query object, or of a constant that it takes in: `{ ...query, values }`. */
function propertyIn(object: Node, name: string, file: SourceFile): Node | undefined {
  const own = propertyOf(object, name)
  const literal = bare(object)
  if (own !== undefined || literal.type !== 'ObjectExpression') return own
  const constants = literal.properties.flatMap((each) =>
    each.type === 'SpreadElement' ? (constantOf(each.argument, file) ?? []) : [],
  )
  return constants.map((constant) => propertyOf(constant, name)).find((found) => found !== undefined)
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
  const isDoubtful = isDeferred(sender, file) || mayHaveTransaction(sender)
  const kind = isDoubtful ? 'unknown' : kindInFile(kindOfReceiver(receiver, file), file)
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

const replication =
  /\bSTART_REPLICATION\b|\bCREATE_REPLICATION_SLOT\b|\btype:\s*['"]replication['"]|\breplication:\s*['"]database['"]/

/** `sequelize.query(text, options)`: options from elsewhere may have a transaction. */
function mayHaveTransaction(sender: Node): boolean {
  const [, options] = isCall(sender) ? sender.arguments : []
  if (options === undefined) return false
  const node = bare(options)
  const name = chainOf(node).at(-1) ?? ''
  return node.type === 'ObjectExpression'
    ? node.properties.some(({ type }) => type === 'SpreadElement')
    : /opt(?:ion)?s?$|^transaction$/i.test(name)
}

/** No pooler passes logical replication on, so a file that opens it has direct connections. Its pools may be pooled. */
function kindInFile(kind: ReceiverKind, { syntax }: SourceFile): ReceiverKind {
  const mayBeDirect = kind === 'client' || kind === 'held' || kind === 'unknown'
  return mayBeDirect && replication.test(syntax.source) ? 'direct' : kind
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
