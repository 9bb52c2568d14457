import { InvalidOptionError, poolers, type PoolerProfile } from '@poolsafe/core'
import { checkObject } from '@poolsafe/core/adapter'
import { readOnly, type Ask, type Unseen } from '../ask/ask.ts'
import { readCatalog, type Server } from '../catalog/catalog.ts'
import { ReachedCode } from '../catalog/reached.ts'
import { customSettingsIn, settingsWithValue } from './custom-settings.ts'
import { findingsOf, type AuditFinding } from './finding.ts'
import { auditedObjects } from './objects.ts'
import { readSessions, type Sessions } from './sessions.ts'

/** What `audit()` is told. */
export interface AuditOptions {
  /** Runs one text on one connection. See {@link Ask}. */
  readonly ask: Ask
  /** The pooler that the findings are for. @default the strictest */
  readonly pooler?: PoolerProfile
}

/** What an audit has found. Plain data. */
export interface AuditReport {
  readonly database: string
  /** `server_version_num`. */
  readonly serverVersion: number
  readonly pooler: string
  /** How many pieces of code were judged. */
  readonly judged: number
  readonly findings: readonly AuditFinding[]
  readonly sessions: Sessions
  /** Custom settings that the code of the database reads, and those with a value in the session of the audit. */
  readonly customSettings: readonly string[]
  readonly customSettingsWithValue: readonly string[]
  /** What could not be seen, and why. Empty for a complete report. */
  readonly unseen: readonly Unseen[]
}

/**
 * Judges all code that a database keeps: functions, triggers, views, defaults, checks, policies, rules, domains,
 * operators, casts, aggregates. Reads the catalog in a transaction that only reads, and calls none of the code.
 *
 * @throws InvalidOptionError for an unknown option
 * @throws DatabaseUnreadableError if the catalog cannot be read
 */
export async function audit(options: AuditOptions): Promise<AuditReport> {
  checkObject('audit()', options, ['ask', 'pooler'])
  const { ask, pooler = poolers.strictest() } = options
  if (typeof ask !== 'function') throw new InvalidOptionError('ask', ask, 'a function that runs one SQL text')
  return readOnly(ask, async () => report(ask, pooler))
}

async function report(ask: Ask, pooler: PoolerProfile): Promise<AuditReport> {
  const unseen: Unseen[] = []
  const catalog = await readCatalog(ask)
  const { server } = catalog
  if (!server.reads_stats) unseen.push(foreignSessions(server))
  const objects = auditedObjects(catalog, new ReachedCode(catalog))
  const customSettings = customSettingsIn(catalog)
  return {
    database: server.database,
    serverVersion: server.version,
    pooler: pooler.label,
    judged: objects.length,
    findings: objects.flatMap((object) => findingsOf(object, pooler)),
    sessions: await readSessions(ask, server.version, unseen),
    customSettings,
    customSettingsWithValue: await settingsWithValue(ask, customSettings, unseen),
    unseen,
  }
}

function foreignSessions({ role }: Server): Unseen {
  return {
    what: 'sessions of other roles',
    why: `the role ${role} is not a member of pg_read_all_stats, so PostgreSQL hides their state: GRANT pg_read_all_stats TO ${role}`,
  }
}
