import { InvalidOptionError } from '../errors.ts'
import { checkObject } from '../options.ts'
import { session } from './cells.ts'
import * as all from './all.ts'
import type { Clue, Parts } from './pooler.ts'
import { direct } from './direct.ts'
import { madeUpPid, newestPgBouncer, pgbouncer, refusedAtStartup } from './pgbouncer.ts'
import type { PoolerProfile } from './profile.ts'
import { strictest } from './strictest.ts'

const strongestFirst: readonly Clue['by'][] = ['service', 'parameter', 'host', 'port']

/** The clues of all poolers; the first that matches decides. */
const clues = Object.values(all)
  .flatMap((pooler) => pooler.clues)
  .toSorted((a, b) => strongestFirst.indexOf(a.by) - strongestFirst.indexOf(b.by))

/** The known facts about a connection. Each may be missing. */
export interface PoolerFacts {
  /** The connection URL. Neither it nor any part of it is in the answer or in an error. */
  readonly url?: string
  /** The ParameterStatus messages of the login: with pg, the event `parameterStatus` of `client.connection`. */
  readonly parameterStatus?: Readonly<Record<string, string>>
  /** The result of `SELECT pg_backend_pid()`. */
  readonly backendPid?: number
  /** The process id of the login's BackendKeyData: with pg, `client.processID`. */
  readonly processId?: number
}

/** The pooler that the facts suggest. */
export interface DetectedPooler {
  readonly profile: PoolerProfile
  /**
   * - `certain`: the pooler says so itself
   * - `likely`: a name that only this service uses
   * - `possible`: a habit of others, or the strictest guess
   */
  readonly certainty: 'certain' | 'likely' | 'possible'
  /** The reason, in one sentence. */
  readonly because: string
}

/**
 * Recognises the pooler by its login messages, otherwise by the URL, otherwise by the process id, which a pooler makes
 * up. If facts suggest several poolers, the stronger reason wins. Only equal process ids or a service name prove a
 * direct connection. Sends no statement.
 *
 * @returns undefined if the facts suggest no pooler
 * @throws InvalidOptionError for an unknown fact, or a fact of the wrong type
 */
export function detect(facts: PoolerFacts): DetectedPooler | undefined {
  checkObject('poolers.detect()', facts, ['url', 'parameterStatus', 'backendPid', 'processId'])
  const { url, parameterStatus, backendPid, processId } = facts
  if (url !== undefined && typeof url !== 'string') throw new InvalidOptionError('poolers.detect(): url', url, 'a text')
  return (
    (parameterStatus && detectFromLogin(parameterStatus)) ??
    (url === undefined ? undefined : detectFromUrl(url)) ??
    detectFromPids(backendPid, processId)
  )
}

/** Recognises the pooler by the URL alone. */
function detectFromUrl(url: string): DetectedPooler | undefined {
  const parts = partsOf(url)
  const clue = parts && clues.find(({ matches }) => matches(parts))
  return clue && { profile: clue.profile(), certainty: clue.certainty, because: clue.because }
}

/** Drivers take host and port from parameters as well (`?host=/run/postgresql`). */
function partsOf(url: string): Parts | undefined {
  if (!URL.canParse(url)) return undefined
  const { protocol, hostname, port, searchParams } = new URL(url)
  return {
    protocol,
    host: (searchParams.get('host') ?? hostname).toLowerCase(),
    port: searchParams.get('port') ?? (port === '' ? '5432' : port),
    parameter: (name) => searchParams.get(name),
  }
}

/** PgBouncer identifies itself from 1.26 on. */
function detectFromLogin(status: Readonly<Record<string, string>>): DetectedPooler | undefined {
  const { 'pgbouncer.version': version, 'pgbouncer.pool_mode': mode } = status
  if (version === undefined) return undefined
  const because = `at login the pooler says that it is PgBouncer ${version}${mode === undefined ? '' : ` in ${mode} mode`}`
  if (mode === 'session') {
    const profile = session('pgbouncer', `PgBouncer ${version}, session mode`, 'as a direct connection', {
      'startup-parameter': refusedAtStartup,
      'backend-pid': madeUpPid,
    })
    return {
      profile: { ...profile, claims: { ...profile.claims, pooler: 'PgBouncer' } },
      certainty: 'certain',
      because,
    }
  }
  const maxPreparedStatements = wholeNumber(status['pgbouncer.max_prepared_statements'])
  const serverVersion = wholeNumber(status.server_version)
  const profile = pgbouncer({
    // Only the newest known version and later ones identify themselves. A value from the server must never be refused
    // as an option.
    version: newestPgBouncer,
    ...(maxPreparedStatements !== undefined && { maxPreparedStatements }),
    ...(serverVersion !== undefined && serverVersion >= 9 && { serverVersion }),
  })
  return { profile, certainty: 'certain', because }
}

/** Returns the number at the start of a text. A server version continues after it. */
function wholeNumber(text: string | undefined): number | undefined {
  const [digits] = /^\d+/.exec(text ?? '') ?? []
  return digits === undefined ? undefined : Number(digits)
}

function detectFromPids(backendPid: number | undefined, processId: number | undefined): DetectedPooler | undefined {
  if (backendPid === undefined || processId === undefined) return undefined
  if (backendPid === processId) {
    return {
      profile: direct(),
      certainty: 'likely',
      because: 'the process id of the login is that of the server process',
    }
  }
  return {
    profile: strictest(),
    certainty: 'possible',
    because: 'the process id of the login is not that of the server process: an unknown pooler made it up',
  }
}
