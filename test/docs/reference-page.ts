import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { docstringOf, membersOf, pickedBy, type Member } from './docstrings.ts'
import { table } from './tables.ts'

const packages = join(import.meta.dirname, '../../packages')
const read = (path: string): string => readFileSync(join(packages, path), 'utf8')

/** The options of one function: where they are declared, and the guide that shows them in use. */
interface OptionsOf {
  readonly call: string
  readonly guide: string
  readonly declared: readonly (readonly [path: string, name: string, only?: readonly string[]])[]
}

const options: readonly OptionsOf[] = [
  {
    call: 'createGuard()',
    guide: '[exceptions](exceptions.md), [poolers](poolers.md)',
    declared: [['core/src/guard/options.ts', 'GuardOptions']],
  },
  {
    call: 'createGuard({ observe })',
    guide: '[slow queries](slow-queries.md), [repeated queries](repeated-queries.md)',
    declared: [['core/src/observe/options.ts', 'ObserveOptions']],
  },
  {
    call: 'guardPool(), guardAdapter()',
    guide: '[the wait for a connection](checkout.md)',
    declared: [
      ['core/src/checkout/limits.ts', 'CheckoutOptions'],
      ['core/src/checkout/statement-limits.ts', 'StatementLimitOptions'],
      ['pg/src/pool-options.ts', 'PoolOptions'],
    ],
  },
  {
    call: 'guardPool()',
    guide: '[direct connections](direct.md)',
    declared: [['pg/src/pool-options.ts', 'GuardPoolOptions']],
  },
  {
    call: 'guardDialect()',
    guide: '[migrations](migrations.md)',
    declared: [['kysely/src/guard-dialect.ts', 'DialectOptions']],
  },
  {
    call: 'guardSql()',
    guide:
      '[postgres.js](postgres-js.md). postgres.js has no `connectionTimeoutMillis`, so `acquireTimeoutMillis` is 10_000 by default',
    declared: [
      ['core/src/checkout/limits.ts', 'CheckoutOptions', pickedBy(read('postgres-js/src/guard-sql.ts'), 'SqlOptions')],
      ['postgres-js/src/guard-sql.ts', 'SqlOptions'],
    ],
  },
  {
    call: 'guardClient()',
    guide: '[how long a statement may run](checkout.md#how-long-a-statement-may-run)',
    declared: [['core/src/checkout/statement-limits.ts', 'StatementLimitOptions']],
  },
  {
    call: 'guard.health()',
    guide: '[health](health.md)',
    declared: [['core/src/observe/health/health-options.ts', 'HealthOptions']],
  },
  {
    call: 'healthHandler(), healthResponse()',
    guide: '[health](health.md); they also take the options of `guard.health()`',
    declared: [['http/src/health-answer.ts', 'HealthAnswerOptions']],
  },
  {
    call: 'withRequestScope()',
    guide: '[repeated queries](repeated-queries.md)',
    declared: [['core/src/observe/repeated/request-scope.ts', 'RequestScopeOptions']],
  },
  {
    call: 'requestScope()',
    guide: '[repeated queries](repeated-queries.md)',
    declared: [['http/src/request-scope.ts', 'RequestScopeOptions']],
  },
  {
    call: 'prometheusMetrics()',
    guide: '[metrics](metrics.md)',
    declared: [['metrics/src/prometheus.ts', 'PrometheusOptions']],
  },
  {
    call: 'openTelemetryMetrics()',
    guide: '[metrics](metrics.md)',
    declared: [['metrics/src/opentelemetry.ts', 'OpenTelemetryOptions']],
  },
  {
    call: 'watchConnections()',
    guide: '[watch connections](watch.md)',
    declared: [['operate/src/watch/options.ts', 'WatchOptions']],
  },
  {
    call: 'watchMetrics()',
    guide: '[watch connections](watch.md)',
    declared: [['metrics/src/watch-metrics.ts', 'WatchMetricsOptions']],
  },
  {
    call: 'startHostilePooler()',
    guide: '[hostile pooler](hostile-pooler.md)',
    declared: [['testing/src/hostile/options.ts', 'HostilePoolerOptions']],
  },
]

/** Where events and their payloads are declared. */
const eventSources = [
  { path: 'core/src/guard/events.ts', map: 'GuardEvents' },
  { path: 'core/src/observe/events.ts', map: 'ObserveEvents' },
  { path: 'core/src/checkout/events.ts', map: 'CheckoutEvents' },
] as const

/** The names of the interfaces that events carry. */
export function payloadNames(): string[] {
  const names = eventSources.flatMap(({ path, map }) => membersOf(read(path), map).map(({ type }) => type))
  return [...new Set(names)].filter((name) => name !== 'Error')
}

/** Every option and every event, out of the docstrings. */
export function referencePage(): string {
  const parts = [
    '# Options and events',
    'Every option and every event of poolsafe. This page is made from the sources (`npm run docs`); the guides show how to use them. Durations are in milliseconds, and `Infinity` disables a limit. An unknown option, or a value that an option cannot have, throws an `InvalidOptionError`.',
    ...options.map(sectionOf),
    '## Events',
    '`guard.on(name, listener)` returns a function that removes the listener. Every event of every guard in the process is also published on `node:diagnostics_channel`, as `poolsafe:<name>`. A listener that throws never breaks a query.',
    ...eventSources.flatMap(({ path, map }) => eventsOf(read(path), map)),
  ]
  return `${parts.join('\n\n')}\n`
}

function sectionOf({ call, guide, declared }: OptionsOf): string {
  const members = declared.flatMap(([path, name, only]) =>
    membersOf(read(path), name)
      .filter((each) => only?.includes(each.name) ?? true)
      .map((each) => documented(each, name)),
  )
  const rows = members.map(({ name, type, meaning, fallback }) => [`\`${name}\``, `\`${type}\``, meaning, fallback])
  return [`## ${call}`, `Guide: ${guide}.`, table(['Option', 'Type', 'Meaning', 'Default'], rows)].join('\n\n')
}

function documented(given: Member, owner: string): Member {
  if (given.meaning === '' && given.fallback === '') throw new Error(`${owner}.${given.name} has no docstring`)
  return given
}

function eventsOf(source: string, map: string): string[] {
  return membersOf(source, map).map(({ name, type }) => {
    if (type === 'Error')
      return [
        `### ${name}`,
        'poolsafe itself failed: the event is a `PoolsafeFault`. Or a function of your application failed when poolsafe ' +
          'called it, a listener or the logger: the event is a `CallbackError`, whose `callback` names the function. ' +
          'The `cause` of both is the error. poolsafe reports its first own fault, and the first failure of each function.',
      ].join('\n\n')
    const meaning = docstringOf(source, type)
    if (meaning === '') throw new Error(`the interface ${type} has no docstring`)
    const parents = new RegExp(`interface ${type} extends (\\w+)`).exec(source)?.[1]
    const inherited = parents === undefined ? '' : ` It also has the fields of \`${parents}\`.`
    const rows = membersOf(source, type).map((field) => [`\`${field.name}\``, `\`${field.type}\``, field.meaning])
    return [`### ${name}`, `${meaning}${inherited}`, table(['Field', 'Type', 'Meaning'], rows)].join('\n\n')
  })
}
