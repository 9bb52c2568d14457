import { functionOf } from './functions.ts'
import { isInTransaction, kindOfReceiver, type ReceiverKind } from './receivers.ts'
import type { SourceFile } from './source-file.ts'
import { bare, chainOf, lastName, within, type Call, type Node } from './syntax.ts'
import { propertyOf } from './names.ts'

/** Methods that send their first argument as it is. */
const sending =
  /^(?:query|execute|raw|unsafe|\$?queryRaw(?:Unsafe)?|\$?executeRaw(?:Unsafe)?|rawQuery|runSql|addSql|sql|executeQuery|any|many|maybeOne|one|oneFirst|anyFirst|manyFirst|none|oneOrNone|manyOrNone|multi|multiResult|result|stream|queryArray|queryObject)$/
/** Receivers that are databases by their name. */
const database =
  /db|database|pool|client|conn|knex|sequelize|prisma|manager|runner|^tx|trx|^t$|^task$|sql|postgres|^pg|session|reposit|repo$|source|orm|^em$|kysely|drizzle|pgm|^this$|schema|transaction|compiled/i

/** Receivers that take commands of another kind. */
const foreign =
  /redis|graphql|apollo|neo4j|cypher|mongo|elastic|opensearch|cassandra|scylla|influx|dynamo|kafka|ldap|^(?:ssh|shell|terminal|browser)$/i

/** Returns true for a call that sends its first argument to a database. */
export function sendsText(call: Call, file: SourceFile): boolean {
  const callee = bare(call.callee)
  return (
    callee.type === 'MemberExpression' &&
    sending.test(lastName(callee) ?? '') &&
    !foreign.test(chainOf(callee.object).at(-1) ?? '') &&
    (database.test(chainOf(callee.object).at(-1) ?? '') || kindOfReceiver(callee.object, file) !== 'unknown')
  )
}

/** The names of objects that hold a connection. */
const handle = /(?:client|connection|conn|pool|db|dbhan|runner)$|^(?:pg|tx|trx)$/i

/** Returns true for `query(client, text)`, `this.execute(connection, text)`: the first argument is the connection. */
export function isGivenClient({ callee }: Call, client: Node, text: Node): boolean {
  const second = bare(text)
  if (!/^(?:query|execute|rquery|runQuery|executeQuery)$/.test(lastName(callee) ?? '')) return false
  const isText = second.type === 'TemplateLiteral' || (second.type === 'Literal' && typeof second.value === 'string')
  return isText && bare(client).type === 'Identifier' && handle.test(lastName(client) ?? '')
}

/** A function of the project that sends one of its parameters. */
export interface Wrapper {
  /** The index of the parameter that it sends. */
  readonly index: number
  readonly receiver: ReceiverKind
  readonly isInTransaction: boolean
}

const wrappers = new WeakMap<Node, Wrapper | null>()

/** Returns how the function that is called sends a text: `const run = (text) => pool.query(text)`. */
export function wrapperOf(call: Call, file: SourceFile): Wrapper | undefined {
  const found = functionOf(call.callee, file)
  if (found === undefined) return undefined
  const known = wrappers.get(found.node)
  if (known !== undefined) return known ?? undefined
  const wrapper = readWrapper(found.node, found.file)
  wrappers.set(found.node, wrapper ?? null)
  return wrapper
}

function readWrapper(owner: Node, file: SourceFile): Wrapper | undefined {
  const names = parametersOf(owner)
  for (const call of within(file.syntax.calls, owner)) {
    if (!sendsText(call, file)) continue
    const index = names.indexOf(nameOfText(call) ?? '')
    const callee = bare(call.callee)
    if (index === -1 || callee.type !== 'MemberExpression') continue
    const begins = /['"`]\s*begin\b/i.test(file.syntax.source.slice(owner.start, owner.end))
    return {
      index,
      receiver: kindOfReceiver(callee.object, file),
      isInTransaction: begins || isInTransaction(call, file),
    }
  }
  return undefined
}

function parametersOf(owner: Node): string[] {
  if (!('params' in owner) || !Array.isArray(owner.params)) return []
  return (owner.params as readonly Node[]).map((param) => {
    const name = param.type === 'AssignmentPattern' ? param.left : param
    return name.type === 'Identifier' ? name.name : '?'
  })
}

/** `text` of `client.query(text, values)` and of `client.query({ text, values })`. */
function nameOfText({ arguments: [first] }: Call): string | undefined {
  if (first === undefined) return undefined
  const node = bare(propertyOf(first, 'text') ?? first)
  return node.type === 'Identifier' ? node.name : undefined
}
