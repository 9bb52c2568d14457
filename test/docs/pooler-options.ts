import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { membersOf } from './docstrings.ts'
import { table } from './tables.ts'

const folder = join(import.meta.dirname, '../../packages/core/src/poolers')
const optionsOf = /export interface (\w+Options) \{/

/** The options of the pooler factories, out of their docstrings, and what replaces options elsewhere. */
export function poolerOptions(): string {
  return [
    '## Options',
    'What a pooler carries depends on its version and its configuration. An option that you leave out has the pooler’s own default. If that is not known, poolsafe assumes the value that carries least.',
    ...globSync('*.ts', { cwd: folder }).toSorted().flatMap(ofFile),
    [
      'Services take the options of the pooler that they run:',
      '',
      '- `poolers.supabase()` takes `connection`: `shared` (the default; `*.pooler.supabase.com:6543`, and with it the options of Supavisor), `dedicated` (`db.*.supabase.co:6543`, and those of PgBouncer), `session` (`*.pooler.supabase.com:5432`) or `direct`.',
      '- `poolers.neon()` and `poolers.prismaPostgres()` take `connection`: `pooled` (the default, and with it the options of PgBouncer) or `direct`.',
      '- `poolers.strictest()`, `poolers.direct()`, `poolers.pgpool()`, `poolers.rdsProxy()` and `poolers.hyperdrive()` take none.',
    ].join('\n'),
    '### If you do not know the pooler: poolers.detect()',
    '`poolers.detect({ url, parameterStatus, backendPid, processId })` detects the pooler from any of these: the URL; the messages at login (`parameterStatus`: PgBouncer names itself from 1.26 on); and the process ids from the login and from `SELECT pg_backend_pid()`, which differ behind a pooler. It sends nothing. It returns `undefined` if the facts show nothing, otherwise an object: `profile`, for `createGuard`; `certainty` (`certain`, `likely`, `possible`); and `because`, one sentence.',
    '```ts\nconst detected = poolers.detect({ url: process.env.DATABASE_URL })\nconst guard = createGuard({ pooler: detected?.profile ?? poolers.strictest() })\n```',
  ].join('\n\n')
}

function ofFile(file: string): string[] {
  const source = readFileSync(join(folder, file), 'utf8')
  const [, name] = optionsOf.exec(source) ?? []
  if (name === undefined) return []
  const rows = membersOf(source, name).map(({ name: option, type, meaning, fallback }) => {
    return [`\`${option}\``, `\`${type.replace('readonly string[]', 'string[]')}\``, meaning, fallback]
  })
  return [`\`poolers.${basename(file, '.ts')}()\``, table(['Option', 'Type', 'What it is', 'Default'], rows)]
}
