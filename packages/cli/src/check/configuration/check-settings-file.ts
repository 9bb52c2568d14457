import type { Finding } from '@poolsafe/core'
import { docsOf } from '@poolsafe/core/internal'
import { sentAtLogin } from '../../database/sent-at-login.ts'
import type { CheckFinding } from '../finding.ts'
import { Lines } from '../lines.ts'
import type { Judge } from '../sql/judge.ts'
import { judgeSent } from './check-configuration.ts'
import { engineVariable, pooledVariable, prismaAdapter, type Pending, type ProjectFacts } from './project-facts.ts'
import { checkScripts } from './package-scripts.ts'
import { migrationNotes } from './migration-notes.ts'
import { ofAtlas, ofDbMigrate } from './migrator-files.ts'
import { connectionUrls, leadsToPooler, type ConnectionUrl } from './connection-urls.ts'

/**
 * The files of settings that are read: environments, compose files, manifests, schemas of Prisma, packages, db-migrate,
 * Atlas.
 */
export const settingsFiles: readonly string[] = [
  '**/.env',
  '**/.env.*',
  '**/{docker-,}compose*.{yml,yaml}',
  '**/*.prisma',
  '**/package.json',
  '**/database.json',
  '**/atlas.hcl',
  '**/{fly,wrangler,netlify,railway}.toml',
  '**/{values,deployment,configmap,secret,render}*.{yml,yaml}',
  '**/{k8s,kubernetes,manifests,helm,charts}/**/*.{yml,yaml}',
]

const settingsPath =
  /(?:^|\/)(?:\.env(?:\.[^/]*)?|(?:docker-)?compose[^/]*\.ya?ml|[^/]*\.prisma|(?:package|database)\.json|atlas\.hcl|(?:fly|wrangler|netlify|railway)\.toml|(?:values|deployment|configmap|secret|render)[^/]*\.ya?ml)$|(?:^|\/)(?:k8s|kubernetes|manifests|helm|charts)\/.*\.ya?ml$/

/** Returns true for the path of a file of settings. */
export function isSettingsFile(path: string): boolean {
  return settingsPath.test(path)
}

/** Copies for readers, which nothing runs with. */
const isOfDocumentation = /(?:^|\/)(?:docs?|documentation)\//

/** The findings in a file of settings. */
export interface SettingsResult extends ProjectFacts {
  readonly findings: readonly CheckFinding[]
  /** The statements of the file about the pooler, in sentences. */
  readonly hints: readonly string[]
}

/** Checks the URLs of a file of settings, and the datasource of a schema of Prisma. */
export function checkSettingsFile(path: string, source: string, judges: readonly Judge[]): SettingsResult {
  if (isOfDocumentation.test(path)) return { findings: [], hints: [] }
  const lines = new Lines(source)
  if (path.endsWith('package.json'))
    return { findings: checkScripts(path, source, lines, judges), hints: [], facts: factsOfPackage(source) }
  if (path.endsWith('.prisma'))
    return { findings: ofSchema(path, source, lines, judges), hints: [], facts: enginesOf(source) }
  const urls = connectionUrls(source)
  const place = { path, lines, judges }
  return {
    facts: urls.flatMap((url) => (leadsToPooler(url) ? [pooledVariable(url.name)] : [])),
    pending: urls.flatMap((url) => namedByPrisma(url, path, lines, judges)),
    findings: urls
      .flatMap((url) => [...parametersOf(url, path, lines, judges), ...pooledDirect(url, path, lines)])
      .concat(ofDbMigrate(source, place), ofAtlas(urls, place)),
    hints: urls.flatMap((url) => hintOf(url, path)),
  }
}

function factsOfPackage(source: string): string[] {
  return /"@prisma\/adapter-(?:pg|neon)\S*"\s*:/.test(source) ? [prismaAdapter] : []
}

/** The variables with which Prisma's own engine connects: `url = env("DATABASE_URL")` of PostgreSQL. */
function enginesOf(source: string): string[] {
  return [...source.matchAll(datasource)].flatMap(([, body = '']) => {
    const url = /^\s*url\s*=\s*env\(\s*"(\w+)"/m.exec(body)
    return isPostgres(body) && url?.[1] !== undefined ? [engineVariable(url[1])] : []
  })
}

/** Prisma's engine names its statements unless the URL has `pgbouncer=true`. */
function namedByPrisma(url: ConnectionUrl, path: string, lines: Lines, judges: readonly Judge[]): Pending[] {
  if (!leadsToPooler(url) || url.isNamedDirect || url.parameters.includes('pgbouncer')) return []
  return judges.flatMap((judge) =>
    judgeSent({ isNamed: true }, judge).map((finding) => ({
      needs: engineVariable(url.name),
      unless: prismaAdapter,
      finding: Object.assign(toFinding(finding, url, path, lines), {
        message: `${url.name} leads to a pooler without pgbouncer=true, so Prisma sends statements with names`,
        instead: 'add pgbouncer=true to the URL, or use the driver adapter of Prisma',
        poolers: [judge.pooler.label],
      }),
    })),
  )
}

function isPostgres(body: string): boolean {
  return /\bprovider\s*=\s*"postgres(?:ql)?"/.test(body)
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
      isPostgres(body) &&
      /^\s*url\s*=/m.test(body) &&
      !/^\s*directUrl\s*=/m.test(body) &&
      !/^\s*url\s*=.*(?:direct|unpooled|non_?pool)/im.test(body)
    if (!isPooled) return []
    const start = index + whole.indexOf(body) + body.search(/(?<=^[ \t]*)url\s*=/m)
    return migrationNotes({ sql: 'SELECT pg_advisory_lock(1)' }, judges, {
      ...lines.place(path, start, source.indexOf('\n', start)),
      message: 'without directUrl, Prisma Migrate takes its session lock over the URL of the application',
      instead: 'set directUrl = env("DIRECT_URL"), an address that goes round the pooler',
    })
  })
}
