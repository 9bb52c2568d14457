import { sentAtLogin } from '../../database/sent-at-login.ts'
import { isDirect } from '../code/receivers.ts'
import type { Declaration } from '../code/names.ts'
import type { SourceFile } from '../code/source-file.ts'
import { bare, isCall, lastName, type Call, type Node } from '../code/syntax.ts'
import {
  callsTo,
  imports,
  isUnset,
  namesDirect,
  objectAt,
  objectIn,
  objectsWith,
  setting,
  type Detector,
  type Fact,
} from './detector.ts'
import { callsOfPostgresJs } from './postgres-js.ts'

/** node-postgres and all that pass their configuration on to it: pools, PrismaPg, Knex, Sequelize, TypeORM. */
export const startupParameters: Detector = {
  words:
    /\b(?:statement_timeout|lock_timeout|idle_in_transaction_session_timeout)\b|\boptions\s*:\s*['"`]\s*-c|\bconnection\s*:\s*\{/,
  find: (file) => {
    const ofCalls = callsTo(file, driverCalls).flatMap((call) =>
      isDirect(call, file) ? [] : configurationsOf(call, file),
    )
    const ofPools = [...new Set([...ofCalls, ...ofOrms(file), ...poolOptions(file)])].flatMap(factsOf)
    return [...ofPools, ...assigned(file), ...ofPostgresJs(file)]
  },
}

/** Pools, clients and adapters. PgBoss and the second call of pg-promise hand their options on to a pool. */
const driverCalls = /^(?:Pool|Client|PrismaPg|guardPool|PgBoss|pgp|pgPromise)$/

/** The object whose properties become parameters of the login. */
function configurationsOf(call: Call, file: SourceFile): Node[] {
  const object = objectAt(call, 0, file)
  return object === undefined ? [] : [object]
}

/** `config.statement_timeout ??= 5000`, where a pool or a client gets the configuration. */
function assigned(file: SourceFile): Fact[] {
  const calls = callsTo(file, driverCalls).filter((call) => !isDirect(call, file))
  const given = new Set(calls.flatMap((call) => declarationsIn(call.arguments[0], file)))
  if (given.size === 0) return []
  return file.syntax.nodes.flatMap((node): Fact[] => {
    if (node.type !== 'AssignmentExpression' || node.left.type !== 'MemberExpression') return []
    const [written, right] = [lastName(node.left), bare(node.right)]
    const name = sentAtLogin.find((each) => each === written)
    if (name === undefined || isUnset(right) || (name === 'options' && !hasSettings(right))) return []
    return declarationsIn(node.left.object, file).some((each) => given.has(each)) ? [factOf(name, right)] : []
  })
}

/** What is declared under a name, or under the names that an object literal takes in. */
function declarationsIn(given: Node | undefined, file: SourceFile): Declaration[] {
  const node = given === undefined ? undefined : bare(given)
  if (node?.type === 'ObjectExpression')
    return node.properties.flatMap((each) => (each.type === 'SpreadElement' ? declarationsIn(each.argument, file) : []))
  const found = node?.type === 'Identifier' ? file.names.resolve(node.name, node) : undefined
  return found === undefined ? [] : [found]
}

/** The parameters that poolers track or accept from every client. */
const welcome = /^(?:application_name|client_encoding|datestyle|timezone|standard_conforming_strings)$/i

/** postgres.js sends everything in `connection`. The object may be put together before the call. */
function ofPostgresJs(file: SourceFile): Fact[] {
  if (!imports(file, /^postgres$/)) return []
  const ofCalls = callsOfPostgresJs(file).flatMap((call) =>
    isDirect(call, file) ? [] : [0, 1].map((index) => objectIn(objectAt(call, index, file), 'connection', file)),
  )
  const inSteps = file.syntax.nodes.flatMap((node) =>
    node.type === 'AssignmentExpression' && node.right.type === 'ObjectExpression'
      ? [objectIn(node.right, 'connection', file)]
      : [],
  )
  return [...new Set([...ofCalls, ...inSteps])].flatMap((object) => {
    if (object?.type !== 'ObjectExpression') return []
    return object.properties.flatMap((property): Fact[] => {
      const name = property.type === 'Property' && property.key.type === 'Identifier' ? property.key.name : undefined
      const node = name === undefined || welcome.test(name) ? undefined : setting(object, name)
      return name === undefined || node === undefined ? [] : [factOf(name, node)]
    })
  })
}

/** Options of a pool or a client, wherever they are used: nothing else has a timeout beside the place of a database. */
const besideTimeouts =
  /^(?:connectionString|host|port|database|user|password|max|application_name|connectionTimeoutMillis|idleTimeoutMillis)$/

function poolOptions(file: SourceFile): Node[] {
  const timeouts = sentAtLogin.filter((name) => name !== 'options')
  return file.syntax.nodes.filter(
    (node) =>
      node.type === 'ObjectExpression' &&
      timeouts.some((name) => setting(node, name) !== undefined) &&
      node.properties.some(
        (property) =>
          property.type === 'Property' && property.key.type === 'Identifier' && besideTimeouts.test(property.key.name),
      ) &&
      !namesDirect(node, file) &&
      !isOfDirectCall(node, file),
  )
}

function isOfDirectCall(node: Node, file: SourceFile): boolean {
  const call = file.syntax.parents.get(node)
  return call !== undefined && isCall(call) && isDirect(call, file)
}

/**
 * Knex, TypeORM and Sequelize keep the options of the driver in an object of their own, in code and in files of
 * settings.
 */
function ofOrms(file: SourceFile): Node[] {
  return orms.flatMap(({ property, values, options, calls }) => {
    const objects = [
      ...objectsWith(file, property, values),
      ...callsTo(file, calls).flatMap((call) => [
        objectAt(call, 0, file),
        objectAt(call, call.arguments.length - 1, file),
      ]),
    ]
    return objects.flatMap((object) => {
      if (object === undefined || namesDirect(object, file)) return []
      return objectIn(object, options, file) ?? []
    })
  })
}

const orms: readonly {
  readonly property: string
  readonly values: RegExp
  readonly options: string
  readonly calls: RegExp
}[] = [
  { property: 'client', values: /^(?:pg|postgres\w*)$/, options: 'connection', calls: /^knex$/i },
  { property: 'type', values: /^postgres$/, options: 'extra', calls: /^$/ },
  { property: 'dialect', values: /^postgres$/, options: 'dialectOptions', calls: /^Sequelize$/ },
]

function factsOf(object: Node): Fact[] {
  return sentAtLogin.flatMap((name) => {
    const node = setting(object, name)
    const isSent = node !== undefined && (name !== 'options' || hasSettings(node))
    return isSent ? [factOf(name, node)] : []
  })
}

function factOf(name: string, node: Node): Fact {
  return {
    node,
    what: `the option ${name} is sent at login`,
    sends: { startup: name },
    instead:
      'set it for the role that the pooler logs in as (ALTER ROLE app SET …), or with SET LOCAL in the transaction; `query_timeout` of node-postgres is kept by the driver and is not sent',
  }
}

/** `-c statement_timeout=5s -c search_path=a`: the server reads each of them, a pooler may refuse `options` itself. */
function hasSettings(node: Node): boolean {
  const [text] = node.type === 'TemplateLiteral' ? node.quasis.map(({ value }) => value.raw) : [literalOf(node)]
  return text !== undefined && /(?:^|\s)-c|--\w/.test(text)
}

function literalOf(node: Node): string | undefined {
  return node.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined
}
