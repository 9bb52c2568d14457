import { fold } from '../code/fold.ts'
import { propertyOf } from '../code/names.ts'
import { isDirect, kindOfReceiver } from '../code/receivers.ts'
import type { SourceFile } from '../code/source-file.ts'
import { bare, chainOf, type Call, type Node } from '../code/syntax.ts'
import { isFixed } from '../sql/pieces.ts'
import {
  callsTo,
  hasSpread,
  hasUnknownSpread,
  imports,
  objectAt,
  objectOf,
  propertyWithin,
  setting,
  type Detector,
  type Fact,
} from './detector.ts'
import { callsOfPostgresJs } from './postgres-js.ts'

/** postgres.js names its statements unless `prepare` is false (src/index.js). */
export const postgresJsPrepare: Detector = {
  words: /['"]postgres['"]/,
  find: (file) =>
    !imports(file, /^postgres$/)
      ? []
      : callsOfPostgresJs(file).flatMap((call): Fact[] => {
          const index = call.arguments.length > 1 ? 1 : 0
          const options = objectAt(call, index, file)
          const isHidden =
            call.arguments.length > 1
              ? options === undefined || hasUnknownSpread(options, file)
              : options !== undefined && hasUnknownSpread(options, file)
          const given = options === undefined ? undefined : propertyWithin(options, 'prepare', file)
          const isSet = given !== undefined && !(given.type === 'Literal' && given.value === true)
          // Options that are put together in steps may have it somewhere.
          const isUnread = options === undefined && /\bprepare\s*:|\.prepare\s*=/.test(file.syntax.source)
          if (((isHidden || isUnread) && given === undefined) || isSet || isDirect(call, file)) return []
          return [
            {
              node: call.callee,
              what: 'postgres.js prepares its statements with names',
              sends: { isNamed: true },
              instead: 'set prepare: false',
            },
          ]
        }),
}

const queryStart = String.raw`['"\`]\s*(?:SELECT|INSERT|UPDATE|DELETE|WITH|select|insert|update|delete|with)\b`

/**
 * node-postgres: a query object with a name. These words also decide that the file is parsed, so its texts are judged
 * as named statements. Reported here is only a text that cannot be known.
 */
export const pgNames: Detector = {
  words: new RegExp(String.raw`\bquery\(\s*\{[^{}]{0,300}\bname\b|\btext\s*:\s*${queryStart}`),
  find: (file) =>
    callsTo(file, /^query$/).flatMap((call): Fact[] => {
      const object = objectAt(call, 0, file)
      const [given, text] = [setting(object, 'name'), setting(object, 'text')]
      const isKnown = text === undefined || isText(text, file)
      if (given === undefined || isKnown || !isText(given, file) || !isPooled(call, file)) return []
      return [{ node: given, ...pgNamed }]
    }),
}

/** A client of another library has a `query` as well, with a name and a text of its own. */
function isPooled(call: Call, file: SourceFile): boolean {
  const callee = bare(call.callee)
  const kind = callee.type === 'MemberExpression' ? kindOfReceiver(callee.object, file) : 'unknown'
  return kind !== 'direct' && kind !== 'unknown'
}

const pgNamed = {
  what: 'a query object with a name is prepared under it',
  sends: { isNamed: true },
  instead: 'omit the name',
} as const

/** Returns true for an expression of which at least a part is known. */
function isText(node: Node, file: SourceFile): boolean {
  return fold(node, file).some((pieces) => pieces.some(isFixed))
}

/** pg-promise: `new PreparedStatement({ name, text })`. */
export const pgPromiseNames: Detector = {
  words: /\bPreparedStatement\b/,
  find: (file) =>
    !imports(file, /^pg-promise$/)
      ? []
      : callsTo(file, /^PreparedStatement$/).flatMap((call): Fact[] => {
          const node = setting(objectAt(call, 0, file), 'name')
          return node === undefined || isDirect(call, file)
            ? []
            : [
                {
                  node,
                  what: 'PreparedStatement gives the statement a name',
                  sends: { isNamed: true },
                  instead: 'use ParameterizedQuery, which has no name',
                },
              ]
        }),
}

/** Drizzle: `.prepare('name')` of a query. */
export const drizzlePrepare: Detector = {
  words: /\.prepare\(\s*['"`]/,
  find: (file) =>
    !imports(file, /^drizzle-orm/)
      ? []
      : callsTo(file, /^prepare$/).flatMap((call): Fact[] => {
          const [name] = call.arguments
          const isNamed = name !== undefined && bare(name).type === 'Literal' && call.arguments.length === 1
          const isQuery = chainOf(call.callee).some((part) =>
            /^(?:select\w*|insert|update|delete|query|findFirst|findMany)$/.test(part),
          )
          if (!isNamed || !isQuery || imports(file, /sqlite|mysql/)) return []
          return [
            {
              node: name,
              what: 'prepare() gives the statement a name',
              sends: { isNamed: true },
              instead:
                "leave prepare() out; over postgres.js set prepare: false for its client, and over node-postgres an empty name will do: prepare('')",
            },
          ]
        }),
}

/** Drizzle makes a client of postgres.js by itself when it is given a URL (postgres-js/driver.ts). */
export const drizzlePostgresJs: Detector = {
  words: /['"]drizzle-orm\/postgres-js['"]/,
  find: (file) =>
    !imports(file, /^drizzle-orm\/postgres-js$/)
      ? []
      : callsTo(file, /^drizzle$/).flatMap((call): Fact[] => {
          const [first] = call.arguments
          const connection = setting(objectAt(call, 0, file), 'connection')
          const options = connection === undefined ? undefined : objectOf(connection, file)
          const isMade = first !== undefined && (isUrl(first) || (connection !== undefined && options === undefined))
          const isNamed = options !== undefined && !hasSpread(options) && propertyOf(options, 'prepare') === undefined
          if (!(isMade || isNamed) || isDirect(call, file)) return []
          return [
            {
              node: call.callee,
              what: 'Drizzle gives the URL to postgres.js, which prepares its statements with names',
              sends: { isNamed: true },
              instead: 'make the client yourself: drizzle(postgres(url, { prepare: false }))',
            },
          ]
        }),
}

/** A literal, the setting of an environment, or a name that says it. */
function isUrl(given: Node): boolean {
  const node = bare(given)
  if (node.type === 'Literal' || node.type === 'TemplateLiteral') return true
  return /(?:url|uri|dsn|connection_?string)$/i.test(chainOf(node).at(-1) ?? '')
}

/** PrismaPg names its statements if it has the option `statementNameGenerator`. */
export const prismaNames: Detector = {
  words: /\bstatementNameGenerator\b/,
  find: (file) =>
    callsTo(file, /^PrismaPg$/).flatMap((call): Fact[] => {
      const node = setting(objectAt(call, 1, file), 'statementNameGenerator')
      if (node === undefined || isDirect(call, file)) return []
      return [
        {
          node,
          what: 'statementNameGenerator gives the statements of Prisma names',
          sends: { isNamed: true },
          instead: 'omit statementNameGenerator',
        },
      ]
    }),
}
