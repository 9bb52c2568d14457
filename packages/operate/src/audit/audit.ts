import { InvalidOptionError, poolers, type CatalogDescription, type PoolerProfile } from '@poolsafe/core'
import { checkBoolean, checkObject } from '@poolsafe/core/internal'
import { readOnly, type Ask, type Unseen } from '../ask/ask.ts'
import { readCatalog, type Catalog, type Server } from '../catalog/catalog.ts'
import { describeCatalog } from '../catalog/describe.ts'
import { ReachedCode } from '../catalog/reached.ts'
import { customSettingsIn, settingsWithValue } from './custom-settings.ts'
import { findingsOf, type AuditFinding } from './finding.ts'
import { auditedObjects } from './objects.ts'
import { readSessions, type Sessions } from './sessions.ts'

/** The options of `audit()`. */
export interface AuditOptions {
  /** Runs one text on one connection. See {@link Ask}. */
  readonly ask: Ask
  /** The pooler that the findings are for. @default the strictest */
  readonly pooler?: PoolerProfile
}

/** The result of an audit. Plain data. */
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
  /** The objects that could not be seen, and why. Empty for a complete report. */
  readonly unseen: readonly Unseen[]
}

/** The options of `auditWithCatalog()`. */
export interface AuditCatalogOptions extends AuditOptions {
  /**
   * True if the description has code that cannot be judged, such as a dynamic EXECUTE. A guard in strict mode then
   * refuses statements that run it. @default false
   */
  readonly undecided?: boolean
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
  const { report } = await judgeDatabase(options, false)
  return report
}

/**
 * Does the same, and describes the database for `createGuard({ catalog })`.
 *
 * @throws InvalidOptionError for an unknown option
 * @throws DatabaseUnreadableError if the catalog cannot be read
 */
export async function auditWithCatalog(
  options: AuditCatalogOptions,
): Promise<{ readonly report: AuditReport; readonly catalog: CatalogDescription }> {
  checkObject('auditWithCatalog()', options, ['ask', 'pooler', 'undecided'])
  return judgeDatabase(options, checkBoolean('undecided', options.undecided ?? false))
}

type Judgement = Awaited<ReturnType<typeof auditWithCatalog>>

async function judgeDatabase(
  { ask, pooler = poolers.strictest() }: AuditOptions,
  undecided: boolean,
): Promise<Judgement> {
  if (typeof ask !== 'function') throw new InvalidOptionError('ask', ask, 'a function that runs one SQL text')
  return readOnly(ask, async () => {
    const catalog = await readCatalog(ask)
    const code = new ReachedCode(catalog)
    const report = await reportOn(ask, pooler, catalog, code)
    return { report, catalog: describeCatalog(catalog, code, { undecided, writtenAt: new Date() }) }
  })
}

async function reportOn(ask: Ask, pooler: PoolerProfile, catalog: Catalog, code: ReachedCode): Promise<AuditReport> {
  const unseen: Unseen[] = []
  const { server } = catalog
  if (!server.reads_stats) unseen.push(foreignSessions(server))
  const objects = auditedObjects(catalog, code)
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
