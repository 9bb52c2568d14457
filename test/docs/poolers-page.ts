import { inspect } from 'node:util'
import { poolers, type Carried, type PoolerProfile } from '@poolsafe/core'
import * as all from '../../packages/core/src/poolers/all.ts'
import { table } from './tables.ts'
import { poolerOptions } from './pooler-options.ts'

interface Shown {
  /** The call in code. */
  readonly code: string
  readonly profile: PoolerProfile
}

/** Each pooler, once for each set of options that changes its profile. */
const shown: readonly Shown[] = Object.entries(all).flatMap(([name, pooler]) => {
  return pooler.forms.map(({ options, profile }) => ({
    code: `poolers.${name}(${asCode(options)})`,
    profile: profile(),
  }))
})

/** Options as code. */
function asCode(options: unknown): string {
  return inspect(options) === '{}' ? '' : inspect(options, { breakLength: Infinity })
}

const meanings: Readonly<Record<Carried, string>> = {
  kept: 'the client keeps its server session for as long as it holds the connection',
  tracked: 'restored for its owner on every server connection that it gets',
  pinned:
    'it works, but the pooler reserves a server connection for the client until it disconnects; allowed unless you set the rule',
  leaks: 'stays on the server connection: other clients see it, the owner loses it',
  wiped: 'removed when the transaction ends: the owner loses it, no other client sees it',
  rejected: 'the pooler answers with an error',
  ignored: 'the pooler reports success and does nothing',
}

/** What every pooler does with every kind of session state, with the source of each cell. */
export function poolersPage(): string {
  const parts = [
    '# Poolers',
    'What each pooler does with session state when a transaction ends, according to poolsafe’s profiles, with the source of each cell. Made from the profiles themselves. Which settings are tracked depends on the version of PostgreSQL, because poolers track what the server reports.',
    Object.entries(meanings)
      .map(([carried, meaning]) => `- **${carried}**: ${meaning}`)
      .join('\n'),
    '“Not measured” means that the cell comes from the pooler’s source code or its documentation.',
    '## All poolers at once',
    overview(),
    poolerOptions(),
    ...shown.map(section),
    trackedByVersion(),
    '[All rules](rules/README.md) · [What was seen on live servers](proofs.md)',
  ]
  return `${parts.join('\n\n')}\n`
}

function overview(): string {
  const states = Object.keys(poolers.strictest().carries) as (keyof PoolerProfile['carries'])[]
  const head = ['', ...states]
  return table(
    head,
    shown.map(({ code, profile }) => [`\`${code}\``].concat(states.map((state) => profile.carries[state]))),
  )
}

function section({ code, profile }: Shown): string {
  const { label, carries, sources, trackedSettings, settings = {}, startup = {}, byRule = {}, notes = [] } = profile
  const cells = Object.entries(carries) as [keyof PoolerProfile['carries'], Carried][]
  return [
    `## ${label}`,
    `\`${code}\``,
    table(
      ['Session state', 'Outcome', 'Source'],
      cells.map(([state, carried]) => [state, carried, sources?.[state] ?? '']),
    ),
    ...(trackedSettings.size === 0 ? [] : [`It tracks these settings: ${listed([...trackedSettings].toSorted())}.`]),
    ...Object.entries(settings).map(([name, carried]) => `The setting \`${name}\`: ${carried}.`),
    ...Object.entries(startup).map(([name, carried]) => `The startup parameter \`${name}\`: ${carried}.`),
    ...Object.entries(byRule).map(
      ([rule, carried]) => `What [${rule}](rules/${rule.replace('/', '-')}.md) finds: ${carried}.`,
    ),
    ...(notes.length === 0 ? [] : [notes.map((note) => `- ${note}.`).join('\n')]),
  ].join('\n\n')
}

function trackedByVersion(): string {
  const versions = ['1.18', '1.20', '1.26']
  const servers = [13, 14, 16, 18]
  const rows = versions.flatMap((version) => {
    const lists = servers.map((server) =>
      listed([...poolers.pgbouncer({ version, serverVersion: server }).trackedSettings].toSorted()),
    )
    return lists
      .map((list, index) => [version, `${servers[index]}`, list])
      .filter(([, , list], index) => list !== lists[index - 1])
  })
  return [
    '## Settings that PgBouncer tracks, by version',
    'With its default `track_extra_parameters`. Each row holds for its versions and later ones, up to the next row.',
    table(['PgBouncer', 'PostgreSQL', 'Settings'], rows),
  ].join('\n\n')
}

function listed(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}
