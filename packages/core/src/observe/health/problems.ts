import { classifyFailure } from '../../checkout/failures.ts'
import { counted } from '../../counted.ts'
import type { Failure } from '../../failure.ts'
import { sqlStateOf } from '../../sql-state.ts'
import { describeHolder, seconds } from '../../checkout/no-connection-message.ts'
import type { Holder } from '../../checkout/pool-state.ts'
import type { PoolTrouble } from '../../checkout/pool-trouble.ts'
import type { ResolvedHealthOptions } from './health-options.ts'
import type { ProblemKind } from './health.ts'
import type { Ping } from './ping.ts'
import type { PoolReport } from '../pools/pool-report.ts'

/** A problem and its sentence. */
export interface Problem {
  readonly kind: ProblemKind
  readonly reason: string
}

/** The known facts about a pool. */
export interface PoolFacts {
  readonly report: Pick<PoolReport, 'name' | 'max' | 'size' | 'idle' | 'active' | 'waiting' | 'acquireTimeoutMillis'>
  readonly trouble: PoolTrouble
  readonly holders: readonly Holder[]
  readonly ping: Ping
}

type Options = Pick<ResolvedHealthOptions, 'pingTimeoutMillis' | 'longestWaitMillis' | 'recentMillis' | 'connect'>

/** Returns all problems of a pool, the most severe first. */
export function problemsOf(facts: PoolFacts, options: Options): Problem[] {
  const { report, trouble, ping } = facts
  const lately = `in the last ${seconds(options.recentMillis)}`
  const limit = report.acquireTimeoutMillis === null ? '' : `, longer than ${seconds(report.acquireTimeoutMillis)}`
  const found: readonly (readonly [ProblemKind, string | undefined])[] = [
    ['cannotConnect', connectFailure(facts, options)],
    ['readOnly', trouble.readOnly && readOnly(trouble.readOnly.agoMillis)],
    ['pingFailed', isOfConnecting(facts) ? undefined : pingFailure(ping)],
    [
      'pingTimedOut',
      ping.outcome === 'timedOut' ? `SELECT 1 had no answer within ${seconds(options.pingTimeoutMillis)}` : undefined,
    ],
    ...starvation(facts, options),
    [
      'deadlock',
      count(trouble.deadlocks, (some) => `${some} deadlocked ${lately}: each holds a connection and waits for another`),
    ],
    [
      'queueFull',
      count(
        trouble.queueFull,
        (some) => `${some} refused ${lately} because maxWaiting other calls were already waiting`,
      ),
    ],
    [
      'acquireTimeout',
      count(trouble.timedOut, (some) => `${some} timed out waiting for a connection ${lately}${limit}`),
    ],
    ['leak', leaks(trouble)],
  ]
  return found.flatMap(([kind, why]) => (why === undefined ? [] : [{ kind, reason: `pool ${report.name}: ${why}` }]))
}

/** An earlier failure proves nothing if a connection answers now, or if opening one for the ping is disabled. */
function connectFailure(
  { trouble: { connectFailure: failed }, ping }: PoolFacts,
  { recentMillis, connect }: Options,
): string | undefined {
  if (failed === undefined) return undefined
  const counts = failed.agoMillis <= recentMillis || (connect && ping.outcome !== 'answered')
  return counts
    ? `the last attempt to connect failed, ${seconds(failed.agoMillis)} ago: ${inWords(failed.failure)}`
    : undefined
}

/** The ping opened a connection or tried to, which is reported already. */
function isOfConnecting({ trouble, ping }: PoolFacts): boolean {
  return ping.isOfConnecting === true && trouble.connectFailure !== undefined
}

function readOnly(agoMillis: number): string {
  return `the server is read-only: it last refused a write ${seconds(agoMillis)} ago (SQLSTATE 25006); after a failover the address may still point to the former primary`
}

function pingFailure({ outcome, error }: Ping): string | undefined {
  return outcome === 'failed' ? `SELECT 1 failed: ${inWords(classifyFailure(error), sqlStateOf(error))}` : undefined
}

/** A driver's message may contain anything, so it is not repeated. */
function inWords(failure: Failure | undefined, sqlState = ''): string {
  if (failure !== undefined) return `${failure.why} (${failure.kind})`
  return `see the error event or the log of the application for the cause${sqlState === '' ? '' : ` (SQLSTATE ${sqlState})`}`
}

function starvation({ report, trouble, holders }: PoolFacts, { longestWaitMillis }: Options): [ProblemKind, string][] {
  if (trouble.longestWaitMillis <= longestWaitMillis) return []
  const { max, active, waiting } = report
  const waits = `${calls(waiting)} wait${waiting === 1 ? 's' : ''}, the first for ${seconds(trouble.longestWaitMillis)}`
  const held = holders.length === 0 ? '' : `; held longest: ${list(holders)}`
  if (max !== null && active >= max) return [['exhausted', `all ${max} connections are in use and ${waits}${held}`]]
  return [['waiting', `${waits}, with ${active} of ${max ?? 'any number of'} connections in use${held}`]]
}

function leaks({ leaks: holders, leaksNow }: PoolTrouble): string | undefined {
  if (leaksNow === 0) return undefined
  return `${leaksNow === 1 ? 'a connection is' : `${leaksNow} connections are`} in use for longer than allowed: ${list(holders)}`
}

/** Number of holders in a sentence; the answer itself lists more. */
const named = 3

function list(holders: readonly Holder[]): string {
  return holders.slice(0, named).map(describeHolder).join('; ')
}

function count(number: number, describe: (found: string) => string): string | undefined {
  return number === 0 ? undefined : describe(calls(number))
}

function calls(number: number): string {
  return counted(number, 'call')
}
