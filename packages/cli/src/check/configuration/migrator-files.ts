import { poolers } from '@poolsafe/core'
import type { CheckFinding } from '../finding.ts'
import type { Lines } from '../lines.ts'
import type { Judge } from '../sql/judge.ts'
import { leadsToPooler, type ConnectionUrl } from './connection-urls.ts'
import type { Sent } from './detector.ts'
import { migrationNotes } from './migration-notes.ts'

/** The file that is checked, and for which poolers. */
interface Where {
  readonly path: string
  readonly lines: Lines
  readonly judges: readonly Judge[]
}

const direct = 'give it the address of the database itself, which goes round the pooler'

/** Atlas takes a session lock for its run (`pg_advisory_lock`), so its URL must not lead to a pooler. */
export function ofAtlas(urls: readonly ConnectionUrl[], where: Where): CheckFinding[] {
  if (!where.path.endsWith('atlas.hcl')) return []
  const what = 'Atlas takes a session lock, and its URL leads to a pooler'
  return urls
    .filter((url) => leadsToPooler(url) && !url.isNamedDirect)
    .flatMap(({ at, length }) => notesOf({ sql: 'SELECT pg_advisory_lock(1)' }, what, at, at + length, where))
}

/** An environment of db-migrate: `{ "driver": "pg", "host": "…" }`. */
interface Environment {
  readonly name: string
  readonly host: unknown
  readonly port: unknown
}

/** db-migrate sends SET search_path when it has connected (db-migrate-pg, index.js). A local database has no pooler. */
export function ofDbMigrate(source: string, where: Where): CheckFinding[] {
  if (!/(?:^|\/)database\.json$/.test(where.path)) return []
  return environmentsIn(source)
    .filter((environment) => !isLocal(environment))
    .flatMap((environment) => {
      const from = placeOfKey(source, environment.name)
      const what = `db-migrate sends SET search_path${isPooled(environment) ? ', and this address leads to a pooler' : ''}`
      return notesOf({ sql: 'SET search_path TO a' }, what, from, from + environment.name.length + 2, where)
    })
}

/** Returns where a key of an object stands in JSON; 0 if it is written with escapes. */
function placeOfKey(source: string, name: string): number {
  const key = JSON.stringify(name)
  for (let at = source.indexOf(key); at !== -1; at = source.indexOf(key, at + 1))
    if (/^\s*:/.test(source.slice(at + key.length, at + key.length + 20))) return at
  return 0
}

function environmentsIn(source: string): Environment[] {
  const content = parse(source)
  return Object.entries(content).flatMap(([name, value]) => {
    if (typeof value !== 'object' || value === null) return []
    const { driver, host, port } = value as Readonly<Record<string, unknown>>
    return /^(?:pg|postgres(?:ql)?)$/.test(String(driver)) ? [{ name, host, port }] : []
  })
}

function parse(source: string): object {
  try {
    const value: unknown = JSON.parse(source)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

/** The host of a variable, `{ "ENV": "PGHOST" }`, may be any. */
function isLocal(environment: Environment): boolean {
  const { host = 'localhost' } = environment
  return typeof host === 'string' && /^(?:localhost|127\.0\.0\.1|::1|\/.*)$/.test(host) && !isPooled(environment)
}

function isPooled({ host = 'localhost', port = 5432 }: Environment): boolean {
  if (typeof host !== 'string') return false
  const { profile } = poolers.detect({ url: `postgres://${host}:${String(port)}/x` }) ?? {}
  return profile !== undefined && profile.isDirect !== true && profile.carries.setting !== 'kept'
}

function notesOf(sends: Sent, what: string, from: number, to: number, { path, lines, judges }: Where): CheckFinding[] {
  return migrationNotes(sends, judges, {
    ...lines.place(path, from, to),
    message: `${what}: it may reach another server connection than the one it is for`,
    instead: direct,
  })
}
