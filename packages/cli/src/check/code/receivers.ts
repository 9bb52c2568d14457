import { ancestors, bare, chainOf, isFunction, lastName, type Node } from './syntax.ts'
import { isDirectName, isNamedDirect } from './named-direct.ts'
import type { SourceFile } from './source-file.ts'
import { classAround, fieldsOf } from './values.ts'

/**
 * The receiver of a statement:
 *
 * - `transaction`: the handle of an open transaction
 * - `pool`: borrows a connection for each statement
 * - `orm`: a client of an ORM outside any transaction; it borrows as well
 * - `client`: a held connection
 * - `held`: a held connection outside any transaction
 * - `direct`: a connection that bypasses the pooler, by its name or by that of its URL
 * - `unknown`: the code does not show it
 */
export type ReceiverKind = 'transaction' | 'pool' | 'orm' | 'client' | 'held' | 'direct' | 'unknown'

const transactionName = /^(?:tx|txn|trx|trx?n|t|transaction|transactionalEntityManager)$|(?:Tx|Txn|Trx|Transaction)$/
const poolName = /^pool$|^pg_?pool$|(?:Pool|_pool)$/
const ormName = /^(?:prisma|prismaClient|prismaService|knex|kysely|sequelize|dataSource|drizzle|orm)$/
const clientName = /^(?:client|pgClient|poolClient|queryRunner|conn|connection)$/

/** Names of calls whose callback runs inside a transaction: `$transaction`, `sql.begin`, `withTransaction`. */
const transactionCall =
  /^(?:\$?transaction|begin|tx|transacting|savepoint)$|^(?:with|in|run|do|use|execute)\w*(?:Transaction|Trx|Tx)$/i

/** Returns true for a call that runs its callback inside a transaction. */
export function isTransactionCall(call: Node): boolean {
  if (call.type !== 'CallExpression') return false
  const chain = chainOf(call.callee)
  if (transactionCall.test(chain.at(-1) ?? '')) return true
  // Kysely: db.transaction().setIsolationLevel('serializable').execute(…)
  return (
    chain.at(-1) === 'execute' &&
    chain.slice(0, -1).some((name) => name === 'transaction' || name === 'startTransaction')
  )
}

/** Returns true inside a callback of a transaction, an array of `$transaction`, or a method marked as transactional. */
export function isInTransaction(node: Node, { syntax }: SourceFile): boolean {
  let inner = node
  for (const around of ancestors(syntax, node)) {
    if (around.type === 'CallExpression' && isTransactionCall(around) && isArgument(inner, around)) return true
    if (around.type === 'MethodDefinition' && around.decorators.some(isTransactional)) return true
    inner = around
  }
  return false
}

function isArgument(node: Node, { arguments: list }: Extract<Node, { type: 'CallExpression' }>): boolean {
  return (list as readonly Node[]).includes(node)
}

function isTransactional({ expression }: { readonly expression: Node }): boolean {
  return /transaction/i.test(chainOf(expression).at(-1) ?? '')
}

/** Classifies what a statement is sent through. */
export function kindOfReceiver(given: Node | undefined, file: SourceFile, steps: number = 0): ReceiverKind {
  if (given === undefined || steps > 6) return 'unknown'
  const node = bare(given)
  if (isDirectName(chainOf(node).at(-1) ?? '')) return 'direct'
  switch (node.type) {
    case 'Identifier':
      return kindOfName(node, file, steps)
    case 'MemberExpression':
      return (isOwn(node) ? kindOfField(node, file) : undefined) ?? byName(lastName(node) ?? '', isOwn(node))
    case 'CallExpression':
    case 'NewExpression':
      return isDirect(node, file) ? 'direct' : kindOfCall(node)
    default:
      return 'unknown'
  }
}

/** A member of `this`, which no caller passes in. */
function isOwn(node: Extract<Node, { type: 'MemberExpression' }>): boolean {
  return bare(node.object).type === 'ThisExpression'
}

/** The kind of `this.db` by its type in the class: `private db: PoolClient`. */
function kindOfField(node: Node, { syntax }: SourceFile): ReceiverKind | undefined {
  const owner = classAround(node, syntax)
  const name = lastName(node)
  const field = owner === undefined ? undefined : fieldsOf(owner).find((each) => each.name === name)
  return field === undefined ? undefined : kindOfType(syntax.source.slice(field.type.start + 1, field.type.end).trim())
}

function kindOfName(node: Extract<Node, { type: 'Identifier' }>, file: SourceFile, steps: number): ReceiverKind {
  const found = file.names.resolve(node.name, node)
  if (found === undefined) return byName(node.name, false)
  if (found.functionOf !== undefined) return kindOfParameter(node.name, found.node, found.functionOf, file)
  const value = file.names.valueOf(node.name, node)
  if (value === undefined) return byName(node.name, found.imported !== undefined)
  const kind = kindOfReceiver(value, file, steps + 1)
  if (kind !== 'unknown') return kind
  return mayBeTransaction(value) ? 'unknown' : byName(node.name, false)
}

/** `trx ?? this.db` is one or the other, and so may be `clientOf(trx)`. */
function mayBeTransaction(value: Node): boolean {
  const node = bare(value)
  if (node.type !== 'CallExpression') return node.type === 'LogicalExpression' || node.type === 'ConditionalExpression'
  const names = [node.callee, ...node.arguments].map((each) => chainOf(each).at(-1) ?? '')
  return names.some((name) => transactionName.test(name) || /tx$|trx$|transaction/i.test(name))
}

function kindOfParameter(name: string, parameter: Node, owner: Node, file: SourceFile): ReceiverKind {
  const call = file.syntax.parents.get(owner)
  if (call?.type === 'CallExpression' && isTransactionCall(call)) return 'transaction'
  // Kysely: db.connection().execute(…)
  if (call?.type === 'CallExpression' && /\bconnection\.execute$/.test(chainOf(call.callee).join('.'))) return 'held'
  const type = typeOf(parameter, file)
  const known = kindOfType(type)
  if (known !== undefined) return known
  // Callers pass a transaction where a database is declared, so other types and names prove nothing.
  const kind = byName(name, false)
  // Slonik's `pool: CommonQueryMethods` may be a transaction too.
  const isOther = kind === 'pool' && type !== '' && !/Pool\b/.test(type)
  return kind === 'orm' || isOther ? 'unknown' : kind
}

/** The kind of a type, as it is written. */
function kindOfType(type: string): ReceiverKind | undefined {
  if (/\bTransaction|TransactionClient|Trx\b/.test(type)) return 'transaction'
  if (/^(?:pg\.)?Pool$/.test(type)) return 'pool'
  return /^(?:pg\.)?(?:Pool)?Client(?:Base)?$|^QueryRunner$/.test(type) ? 'client' : undefined
}

/** The type of a parameter, as it is written. */
function typeOf(parameter: Node, { syntax }: SourceFile): string {
  const text = syntax.source.slice(parameter.start, parameter.end)
  return text.includes(':') ? text.slice(text.indexOf(':') + 1).trim() : ''
}

/** @param isKnown nothing but this file or this class decides what the name holds */
function byName(name: string, isKnown: boolean): ReceiverKind {
  if (transactionName.test(name)) return 'transaction'
  if (poolName.test(name)) return 'pool'
  if (ormName.test(name) || (isKnown && /^(?:db|database)$/.test(name))) return 'orm'
  return clientName.test(name) ? 'client' : 'unknown'
}

const constructors: Readonly<Record<string, ReceiverKind>> = {
  Pool: 'pool',
  guardPool: 'pool',
  Client: 'client',
  PrismaClient: 'orm',
  Kysely: 'orm',
  Sequelize: 'orm',
  DataSource: 'orm',
  drizzle: 'orm',
  knex: 'orm',
  postgres: 'orm',
}

const methods: Readonly<Record<string, ReceiverKind>> = {
  connect: 'client',
  getClient: 'client',
  createQueryRunner: 'client',
  reserve: 'client',
  transaction: 'transaction',
  startTransaction: 'transaction',
}

function kindOfCall(node: Extract<Node, { type: 'CallExpression' | 'NewExpression' }>): ReceiverKind {
  const chain = chainOf(node.callee)
  const name = chain.at(-1) ?? ''
  // `new PrismaClient().$extends(…)` and `db.withSchema('a')` are what they come from.
  if (name === '$extends') return chain.includes('PrismaClient') ? 'orm' : byName(chain.at(-2) ?? '', false)
  return constructors[name] ?? (chain.length > 1 ? methods[name] : undefined) ?? 'unknown'
}

/**
 * Returns true for a client of a direct connection: its arguments or the constants in them say so, or the name under
 * which it is kept, or the function that makes it.
 */
export function isDirect(call: Extract<Node, { type: 'CallExpression' | 'NewExpression' }>, file: SourceFile): boolean {
  const { source } = file.syntax
  if (isNamedDirect(call, file)) return true
  return call.arguments.some((argument) => {
    const names = new Set(source.slice(argument.start, argument.end).match(/[A-Za-z_$][\w$]*/g))
    return [...names].some((name) => {
      if (isDirectName(name)) return true
      const value = file.names.valueOf(name, argument)
      return value !== undefined && isDirectName(source.slice(value.start, value.end).slice(0, 200))
    })
  })
}

/** Returns the function around a node; the file itself outside any. */
export function functionAround(node: Node, { syntax }: SourceFile): Node {
  for (const around of ancestors(syntax, node)) if (isFunction(around)) return around
  return syntax.root
}
