import { isDirect } from '../code/receivers.ts'
import { propertyOf } from '../code/names.ts'
import type { SourceFile } from '../code/source-file.ts'
import { chainOf, type Node } from '../code/syntax.ts'
import { callsTo, hasSpread, imports, objectAt, objectOf, setting, type Detector, type Fact } from './detector.ts'

const roleSetting =
  'set it once for the role that the pooler logs in as (ALTER ROLE app SET search_path = …), or name the schema in each statement'

/** Knex: `SET search_path` on each new connection (lib/dialects/postgres/index.js). */
export const knexSearchPath: Detector = {
  words: /\bsearchPath\b/,
  find: (file) =>
    callsTo(file, /^knex$/i).flatMap((call): Fact[] => {
      const node = setting(objectAt(call, 0, file), 'searchPath')
      if (node === undefined || isDirect(call, file)) return []
      return [
        {
          node,
          what: 'searchPath makes Knex send SET search_path on each new connection',
          sends: { sql: 'SET search_path TO a' },
          instead: roleSetting,
        },
      ]
    }),
}

/** pg-promise: `schema` of its initialisation options. */
export const pgPromiseSchema: Detector = {
  words: /['"]pg-promise['"]/,
  find: (file) =>
    !imports(file, /^pg-promise$/)
      ? []
      : callsTo(file, /^(?:pgp|pgPromise|pgPromiseLib|initPgp)$/i).flatMap((call): Fact[] => {
          const node = setting(objectAt(call, 0, file), 'schema')
          if (node === undefined) return []
          return [
            {
              node,
              what: 'schema makes pg-promise send SET search_path on each new connection',
              sends: { sql: 'SET search_path TO a' },
              instead: roleSetting,
            },
          ]
        }),
}

/** Sequelize 6: three settings on each new connection (lib/dialects/postgres/connection-manager.js). */
export const sequelizeSettings: Detector = {
  words: /\bnew\s+Sequelize\b/,
  find: (file) => callsTo(file, /^Sequelize$/).flatMap((call) => sequelizeFacts(call, file)),
}

function sequelizeFacts(call: ReturnType<typeof callsTo>[number], file: SourceFile): Fact[] {
  const options = call.arguments.flatMap((argument) => objectOf(argument, file) ?? []).at(-1)
  if (options === undefined || hasSpread(options) || isDirect(call, file) || !isPostgres(options)) return []
  const dialectOptions = propertyOf(options, 'dialectOptions')
  const dialect = dialectOptions === undefined ? undefined : objectOf(dialectOptions, file)
  if (dialectOptions !== undefined && (dialect === undefined || hasSpread(dialect))) return []
  const messages = setting(dialect, 'clientMinMessages')
  const isSilent = messages?.type === 'Literal' && messages.value === 'ignore'
  const facts: Fact[] = []
  if (!isSilent)
    facts.push({
      node: call.callee,
      what: 'Sequelize sends SET client_min_messages on each new connection',
      sends: { sql: 'SET client_min_messages TO warning' },
      instead: "set dialectOptions: { clientMinMessages: 'ignore' }",
    })
  if (setting(options, 'keepDefaultTimezone') === undefined)
    facts.push({
      node: call.callee,
      what: 'Sequelize sends SET TIME ZONE on each new connection',
      sends: { sql: "SET TIME ZONE INTERVAL '+00:00' HOUR TO MINUTE" },
      instead: "set keepDefaultTimezone: true, and ALTER ROLE app SET timezone = 'UTC'",
    })
  return facts
}

function isPostgres(options: Node): boolean {
  const dialect = setting(options, 'dialect')
  return dialect?.type === 'Literal' && dialect.value === 'postgres'
}

/** Libraries that LISTEN on a connection of their own: called like this, from these modules. */
const listeners: readonly { readonly module: RegExp; readonly call: RegExp; readonly name: string }[] = [
  { module: /^pg-listen$/, call: /^(?:createSubscriber|createPostgresSubscriber|pgListen)$/i, name: 'pg-listen' },
  { module: /^pg-pubsub$/, call: /^PGPubsub$/i, name: 'pg-pubsub' },
  { module: /^graphile-worker$/, call: /^(?:run|runOnce)$/, name: 'graphile-worker' },
  { module: /^@graphile\/pg-pubsub$|^@kysely\/listen$/, call: /^PgSubscriber$/, name: 'PgSubscriber' },
]

const ownConnection = 'give it the direct URL of the database (DIRECT_URL), which goes round the pooler'

/** LISTEN inside a library. */
export const listeningLibraries: Detector = {
  words: /['"](?:pg-listen|pg-pubsub|graphile-worker|@graphile\/pg-pubsub)['"]|\.listen\(\s*['"`]/,
  find: (file) => [
    ...listeners.flatMap(({ module, call: name, name: library }) =>
      imports(file, module)
        ? callsTo(file, name).flatMap((call): Fact[] =>
            isDirect(call, file)
              ? []
              : [
                  {
                    node: call.callee,
                    what: `${library} sends LISTEN on the connection that it is given`,
                    sends: { sql: 'LISTEN a' },
                    instead: ownConnection,
                  },
                ],
          )
        : [],
    ),
    ...postgresJsListeners(file),
  ],
}

/** `sql.listen('orders', …)` of postgres.js opens a connection with the same URL. */
function postgresJsListeners(file: SourceFile): Fact[] {
  return callsTo(file, /^listen$/).flatMap((call): Fact[] => {
    const [root = ''] = chainOf(call.callee)
    const client = file.names.valueOf(root, call)
    const isClient =
      client !== undefined && client.type === 'CallExpression' && chainOf(client.callee).at(-1) === 'postgres'
    if (!isClient || isDirect(client, file)) return []
    return [
      {
        node: call.callee,
        what: 'listen() of postgres.js sends LISTEN on a connection with the same URL',
        sends: { sql: 'LISTEN a' },
        instead: ownConnection,
      },
    ]
  })
}
