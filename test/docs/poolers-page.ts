import { poolers, type Carried, type PoolerProfile } from '@poolsafe/core'
import { table } from './pages.ts'

interface Shown {
  /** How it is written in code. */
  readonly code: string
  readonly profile: PoolerProfile
}

const serverVersion = 18

/** Each pooler in the forms that differ. Services on PgBouncer are as PgBouncer. */
const shown: readonly Shown[] = [
  { code: 'poolers.strictest()', profile: poolers.strictest() },
  { code: 'poolers.direct()', profile: poolers.direct() },
  { code: "poolers.pgbouncer({ version: '1.18', serverVersion: 18 })", profile: poolers.pgbouncer({ version: '1.18', serverVersion }) },
  { code: "poolers.pgbouncer({ version: '1.24', serverVersion: 18 })", profile: poolers.pgbouncer({ version: '1.24', serverVersion }) },
  { code: "poolers.pgbouncer({ version: '1.26', serverVersion: 18 })", profile: poolers.pgbouncer({ version: '1.26', serverVersion }) },
  {
    code: "poolers.pgbouncer({ version: '1.26', serverVersion: 18, serverResetQueryAlways: true })",
    profile: poolers.pgbouncer({ version: '1.26', serverVersion, serverResetQueryAlways: true }),
  },
  { code: 'poolers.odyssey({ serverVersion: 18 })', profile: poolers.odyssey({ serverVersion }) },
  { code: 'poolers.odyssey({ discard: false, serverVersion: 18 })', profile: poolers.odyssey({ discard: false, serverVersion }) },
  { code: 'poolers.pgdog()', profile: poolers.pgdog() },
  {
    code: "poolers.pgdog({ queryParser: 'on', preparedStatements: 'full', pubSub: true })",
    profile: poolers.pgdog({ queryParser: 'on', preparedStatements: 'full', pubSub: true }),
  },
  { code: 'poolers.pgcat()', profile: poolers.pgcat() },
  { code: 'poolers.supavisor()', profile: poolers.supavisor() },
  { code: 'poolers.supavisor({ namedPreparedStatements: true })', profile: poolers.supavisor({ namedPreparedStatements: true }) },
  { code: 'poolers.supabase()', profile: poolers.supabase() },
  { code: "poolers.supabase({ connection: 'dedicated' })", profile: poolers.supabase({ connection: 'dedicated' }) },
  { code: "poolers.supabase({ connection: 'session' })", profile: poolers.supabase({ connection: 'session' }) },
  { code: 'poolers.neon()', profile: poolers.neon() },
  { code: 'poolers.prismaPostgres()', profile: poolers.prismaPostgres() },
  { code: 'poolers.rdsProxy()', profile: poolers.rdsProxy() },
  { code: 'poolers.hyperdrive()', profile: poolers.hyperdrive() },
  { code: 'poolers.pgpool()', profile: poolers.pgpool() },
]

const meanings: Readonly<Record<Carried, string>> = {
  kept: 'the client keeps its server session for as long as it holds the connection',
  tracked: 'restored for its owner on whichever server connection it gets',
  pinned: 'it works, and costs the pooler a server connection for as long as the client stays; allowed unless the rule is set',
  leaks: 'stays on the server connection: strangers see it, the owner loses it',
  wiped: 'removed when the transaction ends: the owner loses it, nobody else sees it',
  rejected: 'the pooler answers with an error',
  ignored: 'the pooler answers as if it had done it, and does not',
}

/** What every pooler does with every kind of session state, and how that is known. */
export function poolersPage(): string {
  const parts = [
    '# Poolers',
    'What each pooler does with session state when a transaction ends, as poolsafe’s profiles have it, and how each cell is known. Made from the profiles themselves. Which settings are tracked depends on the version of PostgreSQL, since poolers track what the server reports.',
    Object.entries(meanings)
      .map(([carried, meaning]) => `- **${carried}**: ${meaning}`)
      .join('\n'),
    '“Not measured” means that the cell was read in the pooler’s source code or its documentation.',
    '## All at once',
    overview(),
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
  const { label, carries, sources, trackedSettings, settings = {}, byRule = {}, notes = [] } = profile
  const cells = Object.entries(carries) as [keyof PoolerProfile['carries'], Carried][]
  return [
    `## ${label}`,
    `\`${code}\``,
    table(
      ['Session state', 'Outcome', 'Source'],
      cells.map(([state, carried]) => [state, carried, sources?.[state] ?? '']),
    ),
    ...(trackedSettings.size === 0 ? [] : [`Settings that it tracks: ${listed([...trackedSettings].toSorted())}.`]),
    ...Object.entries(settings).map(([name, carried]) => `The setting \`${name}\`: ${carried}.`),
    ...Object.entries(byRule).map(([rule, carried]) => `What [${rule}](rules/${rule.replace('/', '-')}.md) finds: ${carried}.`),
    ...(notes.length === 0 ? [] : [notes.map((note) => `- ${note}.`).join('\n')]),
  ].join('\n\n')
}

function trackedByVersion(): string {
  const versions = ['1.18', '1.20', '1.26']
  const servers = [13, 14, 16, 18]
  const rows = versions.flatMap((version) => {
    const lists = servers.map((server) => listed([...poolers.pgbouncer({ version, serverVersion: server }).trackedSettings].toSorted()))
    return lists.map((list, index) => [version, `${servers[index]}`, list]).filter(([, , list], index) => list !== lists[index - 1])
  })
  return [
    '## Settings that PgBouncer tracks, by version',
    'With its default `track_extra_parameters`; each row holds for its versions and those after them, up to the next row.',
    table(['PgBouncer', 'PostgreSQL', 'Settings'], rows),
  ].join('\n\n')
}

function listed(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}
