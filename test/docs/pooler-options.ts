import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { table } from './tables.ts'

const folder = join(import.meta.dirname, '../../packages/core/src/poolers')
const optionsOf = /export interface \w+Options \{\n([^]*?)\n\}/
const option = /\/\*\*([^]*?)\*\/\n +readonly (\w+)\?: (.+)/g

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
  const [, members] = optionsOf.exec(source) ?? []
  if (members === undefined) return []
  const rows = [...members.matchAll(option)].map(([, comment = '', name = '', type = '']) => {
    const [meaning = '', fallback = ''] = textOf(comment).split('@default ')
    return [`\`${name}\``, `\`${type.replace('readonly string[]', 'string[]')}\``, meaning.trim(), fallback]
  })
  return [`\`poolers.${basename(file, '.ts')}()\``, table(['Option', 'Type', 'What it is', 'Default'], rows)]
}

function textOf(comment: string): string {
  return comment
    .replaceAll(/\s*\n\s*\* ?/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
