import { isDirect } from '../code/receivers.ts'
import type { SourceFile } from '../code/source-file.ts'
import type { Call, Node } from '../code/syntax.ts'
import { callsTo, imports, namesDirect, objectAt, setting, type Detector, type Fact } from './detector.ts'

/** Libraries that LISTEN on a connection of their own. */
const libraries: readonly {
  readonly name: string
  readonly module: RegExp
  readonly call: RegExp
  /** The option without which the library does not listen. */
  readonly option?: string
}[] = [
  { name: 'pg-listen', module: /^pg-listen$/, call: /^(?:createSubscriber|createPostgresSubscriber|pgListen)$/i },
  { name: 'pg-pubsub', module: /^pg-pubsub$/, call: /^PGPubsub$/i },
  { name: 'graphile-worker', module: /^graphile-worker$/, call: /^(?:run|runOnce)$/ },
  { name: 'PgSubscriber', module: /^@graphile\/pg-pubsub$|^@kysely\/listen$/, call: /^PgSubscriber$/ },
  // Off by default (pg-boss 12, dist/attorney.js). Its locks are those of transactions.
  { name: 'pg-boss', module: /^pg-boss$/, call: /^PgBoss$/, option: 'useListenNotify' },
  { name: 'PostGraphile', module: /^postgraphile/, call: /^(?:postgraphile|makePgService)$/, option: 'pubsub' },
]

const ownConnection = 'give it the direct URL of the database (DIRECT_URL), which goes round the pooler'

/** LISTEN inside a library. */
export const listeningLibraries: Detector = {
  words: /['"](?:pg-listen|pg-pubsub|graphile-worker|@graphile\/pg-pubsub|pg-boss|postgraphile\S*)['"]/,
  find: (file) => [
    ...libraries.flatMap(({ name, module, call, option }) =>
      imports(file, module)
        ? callsTo(file, call).flatMap((each) => (listens(each, option, file) ? [factOf(each.callee, name)] : []))
        : [],
    ),
    ...subscriptionsOfPostGraphile(file),
  ],
}

function listens(call: Call, option: string | undefined, file: SourceFile): boolean {
  const isOn = option === undefined || setting(objectAt(call, 0, file), option) !== undefined
  return isOn && !isDirect(call, file)
}

function factOf(node: Node, name: string): Fact {
  return {
    node,
    what: `${name} sends LISTEN on the connection that it is given`,
    sends: { sql: 'LISTEN a' },
    instead: ownConnection,
  }
}

/** PostGraphile 4: `subscriptions: true` in its options, which may be made in a function. */
function subscriptionsOfPostGraphile(file: SourceFile): Fact[] {
  if (!imports(file, /^postgraphile$/)) return []
  return file.syntax.nodes.flatMap((node) => {
    const value = node.type === 'ObjectExpression' ? setting(node, 'subscriptions') : undefined
    return value?.type === 'Literal' && value.value === true && !namesDirect(node, file)
      ? [factOf(value, 'PostGraphile with subscriptions')]
      : []
  })
}
