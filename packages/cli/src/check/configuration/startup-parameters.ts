import { sentAtLogin } from '../../database/sent-at-login.ts'
import { isDirect } from '../code/receivers.ts'
import type { SourceFile } from '../code/source-file.ts'
import { isCall, lastName, type Call, type Node } from '../code/syntax.ts'
import { callsTo, namesDirect, objectAt, objectIn, objectsWith, setting, type Detector, type Fact } from './detector.ts'

/** node-postgres and all that pass their configuration on to it: pools, PrismaPg, Knex, Sequelize, TypeORM. */
export const startupParameters: Detector = {
  words:
    /\b(?:statement_timeout|lock_timeout|idle_in_transaction_session_timeout)\b|\boptions\s*:\s*['"`]\s*-c|\bconnection\s*:\s*\{/,
  find: (file) => {
    const ofCalls = callsTo(file, driverCalls).flatMap((call) =>
      isDirect(call, file) ? [] : configurationsOf(call, file),
    )
    return [...new Set([...ofCalls, ...ofOrms(file), ...poolOptions(file)])].flatMap((object) => factsOf(object))
  },
}

/** Pools, clients and adapters. PgBoss and the second call of pg-promise hand their options on to a pool. */
const driverCalls = /^(?:Pool|Client|PrismaPg|guardPool|PgBoss|pgp|pgPromise|postgres)$/

/** The objects whose properties become parameters of the login. */
function configurationsOf(call: Call, file: SourceFile): Node[] {
  const objects = [objectAt(call, 0, file), objectAt(call, 1, file)]
  const found =
    lastName(call.callee) === 'postgres'
      ? objects.map((object) => objectIn(object, 'connection', file))
      : objects.slice(0, 1)
  return found.flatMap((object) => object ?? [])
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

/** Knex, TypeORM and Sequelize keep the options of the driver in an object of their own, in code and in files of settings. */
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
  return sentAtLogin.flatMap((name): Fact[] => {
    const node = setting(object, name)
    if (node === undefined) return []
    const names = name === 'options' ? settingsIn(node) : [name]
    return names.map((startup) => ({
      node,
      what: `the option ${name} is sent at login`,
      sends: { startup },
      instead:
        'set it for the role that the pooler logs in as (ALTER ROLE app SET …), or with SET LOCAL in the transaction; `query_timeout` of node-postgres is kept by the driver and is not sent',
    }))
  })
}

/** `-c statement_timeout=5s -c search_path=a`: the server reads each of them, a pooler may refuse `options` itself. */
function settingsIn(node: Node): string[] {
  return node.type === 'Literal' && typeof node.value === 'string' && /(?:^|\s)-c|--\w/.test(node.value)
    ? ['options']
    : []
}
