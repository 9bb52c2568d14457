import { isDirect } from '../code/receivers.ts'
import { propertyOf } from '../code/names.ts'
import type { SourceFile } from '../code/source-file.ts'
import { bare, type Call, type Node } from '../code/syntax.ts'
import { callsTo, hasSpread, objectOf, setting, type Detector, type Fact } from './detector.ts'
import { usesOnlyPostgres } from './nearest-package.ts'

/** Sequelize 6 and sequelize-typescript: three settings on each new connection (lib/dialects/postgres/connection-manager.js). */
export const sequelizeSettings: Detector = {
  words: /\bnew\s+\(?Sequelize\b|\bSequelizeModule\b/,
  find: (file) =>
    callsTo(file, /^(?:Sequelize|forRoot)$/).flatMap((call) =>
      call.type === 'NewExpression' || /\bSequelizeModule\.forRoot$/.test(sourceOf(call.callee, file))
        ? factsOf(call, file)
        : [],
    ),
}

function factsOf(call: Call, file: SourceFile): Fact[] {
  const last = call.arguments.at(-1)
  const options = last === undefined ? undefined : (objectOf(last, file) ?? byEnvironment(last, file))
  // An object from elsewhere may have the options.
  const isHidden = options === undefined ? call.arguments.length !== 1 || !isUrl(last) : hasSpread(options)
  if (isHidden || isDirect(call, file) || !isPostgres(call, options, file)) return []
  const dialectOptions = options === undefined ? undefined : propertyOf(options, 'dialectOptions')
  const dialects = dialectOptions === undefined ? [] : alternativesOf(dialectOptions, file)
  // They say nothing of the time zone.
  if (dialects.some((dialect) => dialect === undefined || hasSpread(dialect))) return timeZoneOf(call, options)
  const silent = dialects.find((dialect) => setting(dialect, 'clientMinMessages') !== undefined)
  return [...messagesOf(call, silent), ...timeZoneOf(call, options), ...searchPathOf([options, ...dialects])]
}

/** `const config = configs[env]`: the options for production stand for all. */
function byEnvironment(given: Node, file: SourceFile): Node | undefined {
  const node = bare(given)
  const value = node.type === 'Identifier' ? file.names.valueOf(node.name, node) : node
  const member = value === undefined ? undefined : bare(value)
  if (member?.type !== 'MemberExpression' || !member.computed) return undefined
  const all = objectOf(member.object, file)
  const chosen = all === undefined ? undefined : propertyOf(all, 'production')
  return chosen === undefined ? undefined : objectOf(chosen, file)
}

/** `isLocal ? {} : { ssl: true }` is one of two objects. An object from elsewhere is `undefined`. */
function alternativesOf(given: Node, file: SourceFile): (Node | undefined)[] {
  const node = bare(given)
  return node.type === 'ConditionalExpression'
    ? [...alternativesOf(node.consequent, file), ...alternativesOf(node.alternate, file)]
    : [objectOf(node, file)]
}

function messagesOf({ callee }: Call, dialect: Node | undefined): Fact[] {
  const messages = setting(dialect, 'clientMinMessages')
  if (messages?.type === 'Literal' && messages.value === 'ignore') return []
  return [
    {
      node: callee,
      what: 'Sequelize sends SET client_min_messages on each new connection',
      sends: { sql: 'SET client_min_messages TO warning' },
      instead: "set dialectOptions: { clientMinMessages: 'ignore' }",
    },
  ]
}

function timeZoneOf({ callee }: Call, options: Node | undefined): Fact[] {
  if (setting(options, 'keepDefaultTimezone') !== undefined) return []
  return [
    {
      node: callee,
      what: 'Sequelize sends SET TIME ZONE on each new connection',
      sends: { sql: "SET TIME ZONE INTERVAL '+00:00' HOUR TO MINUTE" },
      instead: "set keepDefaultTimezone: true, and ALTER ROLE app SET timezone = 'UTC'",
    },
  ]
}

/** Sequelize sends `SET search_path` before each statement, in one text (lib/dialects/postgres/query.js). */
function searchPathOf(objects: readonly (Node | undefined)[]): Fact[] {
  return objects.flatMap((object): Fact[] => {
    const node = setting(object, 'prependSearchPath')
    return node === undefined
      ? []
      : [
          {
            node,
            what: 'prependSearchPath makes Sequelize send SET search_path before its statements',
            sends: { sql: 'SET search_path TO a' },
            instead: 'set schema for the models, so each statement names it',
          },
        ]
  })
}

/** By the option, by the URL, or because the package has a driver for nothing else. */
function isPostgres(call: Call, options: Node | undefined, file: SourceFile): boolean {
  const dialect = options === undefined ? undefined : propertyOf(options, 'dialect')
  if (dialect !== undefined) {
    const value = bare(dialect)
    return value.type === 'Literal' ? value.value === 'postgres' : usesOnlyPostgres(file.syntax.path, 'sequelize')
  }
  const [first] = call.arguments
  const url = first === undefined ? '' : sourceOf(first, file)
  return (
    /^['"`]postgres(?:ql)?:/.test(url) || (!/^['"`]|^\{/.test(url) && usesOnlyPostgres(file.syntax.path, 'sequelize'))
  )
}

/** A text or the setting of an environment, which cannot hold options. */
function isUrl(given: Node | undefined): boolean {
  const node = given === undefined ? undefined : bare(given)
  return node?.type === 'Literal' || node?.type === 'TemplateLiteral' || node?.type === 'MemberExpression'
}

function sourceOf({ start, end }: Node, { syntax }: SourceFile): string {
  return syntax.source.slice(start, end)
}
