import { likeOf, literal, ownNames } from './patterns.ts'
import type { Verdict } from './connections.ts'
import type { ResolvedWatch } from './options.ts'

/** The facts about server connections that the watch knows from elsewhere. */
export interface Known {
  /** `server_version_num`. */
  readonly version: number
  /** Processes that a pooler is connected to. */
  readonly poolerPids: readonly number[]
  /** By how much the server's clock has been set forward lately, in milliseconds. */
  readonly aheadMillis: number
}

/**
 * The places where a statement may begin: in a text of several, in a block, in a string that a block executes, after a
 * comment.
 */
const begins = "(^|;|[*]/|--[^\\n]*\\n|[$'']|>>|\\m(begin|then|else|loop)\\M)\\s*"

/** A last statement that leaves in the session what no view shows. A column may be called `temp` or `listen`. */
const keepsSession = [
  `${begins}listen(\\s|"|/[*]|--)`,
  '\\mcreate\\M[^;]*\\m(temp|temporary)\\M',
  '\\minto\\s+((local|global)\\s+)?(temp|temporary)\\M',
  '\\mpg_temp',
  '\\mwith\\s+hold\\M',
  '\\m(pg_backup_start|pg_start_backup)\\M',
].join('|')

/** The conditions on an idle connection. `a` is a row of pg_stat_get_activity, now or a moment ago. */
const isIdle = "a.state = 'idle' AND a.wait_event = 'ClientRead'"
const isOutsideTransaction = 'a.xact_start IS NULL AND a.backend_xid IS NULL AND a.backend_xmin IS NULL'

/** The conditions of a connection that may be closed, in the order in which they are asked. */
function conditionsOf(
  options: ResolvedWatch,
  { poolerPids, aheadMillis }: Known,
): readonly (readonly [Verdict, string])[] {
  const { roles, poolerAddresses, closesPoolerConnections, idleMillis } = options
  const names = list(roles.map(literal), 'text')
  const isPoolers = `a.pid = ANY (${list(poolerPids.map(String), 'int')}) OR a.client_addr = ANY (${list(poolerAddresses.map(literal), 'inet')})`
  return [
    ['application', `a.pid <> pg_backend_pid() AND (${isOfApplication(options)})`],
    ['database', 'a.database = current_database()'],
    ['superuser', `NOT a.rolsuper OR a.role = ANY (${names})`],
    ['role', roles.length === 0 ? 'true' : `a.role = ANY (${names})`],
    ['denied', mayTerminate],
    ['hidden', "a.state IS NOT NULL AND a.state <> 'disabled' AND a.backend_type IS NOT NULL"],
    ['transaction', `a.state NOT LIKE 'idle in transaction%' AND (a.state <> 'idle' OR ${isOutsideTransaction})`],
    ['active', isIdle],
    ['locks', 'a.pid NOT IN (SELECT pid FROM held)'],
    ['session', `a.pid NOT IN (SELECT pid FROM bound) AND a.query !~* '${keepsSession}'`],
    ['pooler', closesPoolerConnections ? 'true' : `(${isPoolers}) IS NOT TRUE`],
    ['recent', `a.state_change < clock_timestamp() - interval '${idleMillis + aheadMillis} milliseconds'`],
  ]
}

/** The rights that pg_terminate_backend checks. It raises an error instead of returning false. */
const mayTerminate = `CASE WHEN a.rolsuper THEN (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
  ELSE pg_has_role(a.usesysid, 'USAGE') OR pg_has_role('pg_signal_backend', 'USAGE') END`

/** True for a row of pg_stat_get_activity that is still the idle connection `c`: nothing has run on it in between. */
export const isUnchanged: string = `a.backend_start = c.backend_start AND a.state_change = c.state_change AND ${isIdle} AND ${isOutsideTransaction}`

function isOfApplication({ applications }: ResolvedWatch): string {
  const isOne = applications.map((pattern) => `a.application LIKE ${likeOf(pattern)}`)
  return `(${isOne.join(' OR ')}) AND a.application NOT LIKE '${ownNames}%'`
}

/** The verdict on a row `a`, as an expression of SQL. A condition that is unknown is not fulfilled. */
export function verdictOf(options: ResolvedWatch, known: Known): string {
  const cases = conditionsOf(options, known).map(
    ([verdict, isFulfilled]) => `WHEN (${isFulfilled}) IS NOT TRUE THEN '${verdict}'`,
  )
  return `CASE ${cases.join('\n')} ELSE 'close' END`
}

/** The pattern that a row `a` matches. */
export function patternOf({ applications }: ResolvedWatch): string {
  const cases = applications.map((pattern) => `WHEN a.application LIKE ${likeOf(pattern)} THEN ${literal(pattern)}`)
  return `CASE ${cases.join(' ')} END`
}

function list(items: readonly string[], type: string): string {
  return `ARRAY[${items.join(', ')}]::${type}[]`
}
