import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { membersOf } from './docstrings.ts'
import { table } from './tables.ts'

const folder = join(import.meta.dirname, '../../packages/core/src/poolers')
const optionsOf = /export interface (\w+Options) \{/

/** What the factories take, out of the docstrings of their options; and what takes the place of options. */
export function poolerOptions(): string {
  return [
    '## Options',
    'What a pooler carries depends on its version and its configuration. What is not said is taken at its default, which is the pooler’s own, or where that is not known the one that carries least.',
    ...globSync('*.ts', { cwd: folder }).toSorted().flatMap(ofFile),
    [
      'The services pass on the options of what they run:',
      '',
      '- `poolers.supabase()` takes `connection`: `shared` (the default; `*.pooler.supabase.com:6543`, and with it the options of Supavisor), `dedicated` (`db.*.supabase.co:6543`, and those of PgBouncer), `session` (`*.pooler.supabase.com:5432`) or `direct`.',
      '- `poolers.neon()` and `poolers.prismaPostgres()` take `connection`: `pooled` (the default, and with it the options of PgBouncer) or `direct`.',
      '- `poolers.strictest()`, `poolers.direct()`, `poolers.pgpool()`, `poolers.rdsProxy()` and `poolers.hyperdrive()` take none.',
    ].join('\n'),
    '### Without knowing: poolers.detect()',
    '`poolers.detect({ url, parameterStatus, backendPid, processId })` says which pooler it is, from any of these: the URL; what was said at login (`parameterStatus`: PgBouncer says what it is from 1.26 on); and the process ids that the login and `SELECT pg_backend_pid()` tell, which differ behind a pooler. It sends nothing. It gives `undefined` where the facts say nothing, else an object: `profile`, the part that `createGuard` takes; `certainty` (`certain`, `likely`, `possible`); and `because`, one sentence.',
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
