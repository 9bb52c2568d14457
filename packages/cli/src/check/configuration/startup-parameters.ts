import { sentAtLogin } from '../../database/sent-at-login.ts'
import { isDirect } from '../code/receivers.ts'
import { propertyOf } from '../code/names.ts'
import type { SourceFile } from '../code/source-file.ts'
import type { Call, Node } from '../code/syntax.ts'
import { callsTo, objectAt, objectOf, setting, type Detector, type Fact } from './detector.ts'

/** node-postgres and all that pass their configuration on to it: pools, PrismaPg, Knex, Sequelize, TypeORM. */
export const startupParameters: Detector = {
  words:
    /\b(?:statement_timeout|lock_timeout|idle_in_transaction_session_timeout)\b|\boptions\s*:\s*['"`]\s*-c|\bconnection\s*:\s*\{/,
  find: (file) =>
    callsTo(file, /^(?:Pool|Client|PrismaPg|guardPool|knex|Knex|Sequelize|DataSource|postgres)$/).flatMap((call) =>
      isDirect(call, file) ? [] : configurationsOf(call, file).flatMap((object) => factsOf(object)),
    ),
}

/** The objects whose properties become parameters of the login. */
function configurationsOf(call: Call, file: SourceFile): Node[] {
  const [first, second] = [objectAt(call, 0, file), objectAt(call, 1, file)]
  const inner = (object: Node | undefined, name: string): Node[] => {
    const value = object === undefined ? undefined : propertyOf(object, name)
    const found = value === undefined ? undefined : objectOf(value, file)
    return found === undefined ? [] : [found]
  }
  const name = file.syntax.source.slice(call.callee.start, call.callee.end)
  if (/Pool$|Client$|PrismaPg$/.test(name)) return first === undefined ? [] : [first]
  if (/^postgres$/.test(name)) return [...inner(first, 'connection'), ...inner(second, 'connection')]
  if (/knex$/i.test(name)) return inner(first, 'connection')
  if (name.endsWith('Sequelize')) return [first, second].flatMap((object) => inner(object, 'dialectOptions'))
  return isPostgres(first) ? inner(first, 'extra') : []
}

function isPostgres(object: Node | undefined): boolean {
  const type = setting(object, 'type')
  return type?.type === 'Literal' && type.value === 'postgres'
}

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
