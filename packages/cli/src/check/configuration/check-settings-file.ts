import type { Finding } from '@poolsafe/core'
import { docsOf } from '@poolsafe/core/adapter'
import { sentAtLogin } from '../../database/sent-at-login.ts'
import type { CheckFinding } from '../finding.ts'
import { Lines } from '../lines.ts'
import type { Judge } from '../sql/judge.ts'
import { judgeSent } from './check-configuration.ts'
import { connectionUrls, leadsToPooler, type ConnectionUrl } from './connection-urls.ts'

/** The files of settings that are read: examples of environments, compose files, schemas of Prisma. */
export const settingsFiles: readonly string[] = [
  '**/.env',
  '**/.env.*',
  '**/{docker-,}compose*.{yml,yaml}',
  '**/*.prisma',
]

/** Returns true for the path of a file of settings. */
export function isSettingsFile(path: string): boolean {
  return /(?:^|\/)(?:\.env(?:\.[^/]*)?|(?:docker-)?compose[^/]*\.ya?ml|[^/]*\.prisma)$/.test(path)
}

/** Copies for readers, which nothing runs with. */
const isOfDocumentation = /(?:^|\/)(?:docs?|documentation)\//

/** What was found in a file of settings. */
export interface SettingsResult {
  readonly findings: readonly CheckFinding[]
  /** What the file says of the pooler, in sentences. */
  readonly hints: readonly string[]
}

/** Checks the URLs of a file of settings, and the datasource of a schema of Prisma. */
export function checkSettingsFile(path: string, source: string, judges: readonly Judge[]): SettingsResult {
  if (isOfDocumentation.test(path)) return { findings: [], hints: [] }
  const lines = new Lines(source)
  if (path.endsWith('.prisma')) return { findings: ofSchema(path, source, lines, judges), hints: [] }
  const urls = connectionUrls(source)
  return {
    findings: urls.flatMap((url) => [...parametersOf(url, path, lines, judges), ...pooledDirect(url, path, lines)]),
    hints: urls.flatMap((url) => hintOf(url, path)),
  }
}

const startup: ReadonlySet<string> = new Set(sentAtLogin)

function parametersOf(url: ConnectionUrl, path: string, lines: Lines, judges: readonly Judge[]): CheckFinding[] {
  if (url.isNamedDirect) return []
  const names = url.parameters.filter((name) => startup.has(name))
  return names.flatMap((name) =>
    judges.flatMap((judge) =>
      judgeSent({ startup: name }, judge).map((finding) =>
        Object.assign(toFinding(finding, url, path, lines), {
          message: `${url.name} has the parameter ${name}, which the driver sends at login: the pooler ${finding.outcome === 'ignored' ? 'ignores it' : 'refuses it, or drops it'}`,
          poolers: [judge.pooler.label],
        }),
      ),
    ),
  )
}

/** A direct URL is there to go round the pooler. */
function pooledDirect(url: ConnectionUrl, path: string, lines: Lines): CheckFinding[] {
  if (!url.isNamedDirect || !leadsToPooler(url)) return []
  const rule = 'connection/wrong-profile'
  const finding: Finding = {
    rule,
    outcome: 'lost',
    message: `${url.name} leads to a pooler: ${url.pooler?.because ?? ''}`,
    why: 'migrations, LISTEN and session locks use this URL because they need a session of their own, and a pooler does not give them one',
    instead: `put the address of the database itself into ${url.name}`,
    docs: docsOf(rule),
    helpers: [],
  }
  return [
    { ...toFinding(finding, url, path, lines), poolers: url.pooler === undefined ? [] : [url.pooler.profile.label] },
  ]
}

function toFinding(finding: Finding, { at, length }: ConnectionUrl, path: string, lines: Lines): CheckFinding {
  return {
    ...finding,
    ...lines.place(path, at, at + length),
    level: 'error',
    origin: 'configuration',
    statement: '',
    sql: '',
    poolers: [],
  }
}

function hintOf({ name, pooler, isNamedDirect }: ConnectionUrl, path: string): string[] {
  if (isNamedDirect || pooler === undefined || pooler.profile.isDirect === true) return []
  return [`${name} in ${path} leads to ${pooler.profile.label} (${pooler.because})`]
}

const datasource = /^\s*datasource\s+\w+\s*\{([^}]*)\}/gm

/** Prisma Migrate takes a session lock over `directUrl`, or over `url` without it. Prisma 7 has neither here. */
function ofSchema(path: string, source: string, lines: Lines, judges: readonly Judge[]): CheckFinding[] {
  return [...source.matchAll(datasource)].flatMap(({ 0: whole, 1: body = '', index }) => {
    const isPooled =
      /\bprovider\s*=\s*"postgres(?:ql)?"/.test(body) &&
      /^\s*url\s*=/m.test(body) &&
      !/^\s*directUrl\s*=/m.test(body) &&
      !/^\s*url\s*=.*(?:direct|unpooled|non_?pool)/im.test(body)
    if (!isPooled) return []
    const start = index + whole.indexOf(body) + body.search(/(?<=^[ \t]*)url\s*=/m)
    return judges.flatMap((judge) =>
      judgeSent({ sql: 'SELECT pg_advisory_lock(1)' }, judge).map((finding) =>
        Object.assign({}, finding, lines.place(path, start, source.indexOf('\n', start)), {
          message: 'without directUrl, Prisma Migrate takes its session lock over the URL of the application',
          instead: 'set directUrl = env("DIRECT_URL"), an address that goes round the pooler',
          helpers: [],
          level: 'note' as const,
          origin: 'migration' as const,
          statement: '',
          sql: '',
          poolers: [judge.pooler.label],
        }),
      ),
    )
  })
}
