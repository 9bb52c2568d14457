import type { GuardHealth, PoolHealth } from './health.ts'
import type { ResolvedHealthOptions } from './health-options.ts'
import { ping, type Ping } from './ping.ts'
import type { ObservedPool, PoolReport } from '../pools/pool-report.ts'
import { problemsOf, type Problem } from './problems.ts'
import type { GuardStatistics } from '../statistics.ts'

/** The health of one pool, or the fact that it could not be examined. */
interface Examined {
  readonly pool: PoolHealth | undefined
  readonly problems: readonly Problem[]
}

/** Pings the pools and combines the results. */
export async function healthOf(
  pools: Iterable<ObservedPool> & { readonly haveEnded: boolean },
  options: ResolvedHealthOptions,
  statistics: () => GuardStatistics,
): Promise<GuardHealth> {
  const examined = await Promise.all(Array.from(pools, (pool) => examine(pool, options)))
  const {
    uptimeSeconds,
    totalQueries,
    totalErrors,
    slowQueries,
    verySlowQueries,
    repeatedQueries,
    duration,
    findings,
    slowest,
  } = statistics()
  const { haveEnded } = pools
  const problems = [...(haveEnded ? [ended] : []), ...examined.flatMap((each) => each.problems)]
  const healths = examined.flatMap(({ pool }) => pool ?? [])
  return {
    ...verdict(problems, options),
    notes: examined.length === 0 && !haveEnded ? [noPool] : [],
    totalQueries,
    totalErrors,
    poolInfo: poolInfos(healths),
    timestamp: new Date().toISOString(),
    uptimeSeconds,
    slowQueries,
    verySlowQueries,
    repeatedQueries,
    duration,
    findings,
    slowest,
    pools: healths,
  }
}

/**
 * A Prisma adapter creates its pool at the first query. A load balancer that sends no traffic to a process without a
 * pool would wait forever.
 */
const noPool =
  'no pool is known, so no pool was checked; guardPool() and guardAdapter() register pools, with Prisma at the first query'

const ended: Problem = {
  kind: 'ended',
  reason: 'every pool has ended (pool.end()), so no statement can be sent',
}

async function examine(pool: ObservedPool, options: ResolvedHealthOptions): Promise<Examined> {
  try {
    const answer = await ping(pool, options.pingTimeoutMillis, options.connect)
    const { acquireWait: _, use: __, poolerWait: ___, ...report } = pool.report()
    const { name, server, ...numbers } = report
    const trouble = pool.trouble(options.recentMillis)
    const { holders } = pool.state()
    const problems = problemsOf({ report, trouble, holders, ping: answer }, options)
    const { longestWaitMillis } = trouble
    return {
      pool: {
        name,
        server,
        ...verdict(problems, options),
        ping: shown(answer),
        longestWaitMillis,
        holders,
        ...numbers,
      },
      problems,
    }
  } catch {
    return {
      pool: undefined,
      problems: [{ kind: 'unknown', reason: `pool ${pool.name}: its health is unknown: poolsafe itself failed` }],
    }
  }
}

function verdict(
  problems: readonly Problem[],
  { tolerate }: ResolvedHealthOptions,
): Pick<GuardHealth, 'healthy' | 'problems' | 'reasons'> {
  return {
    healthy: problems.every(({ kind }) => tolerate.includes(kind)),
    problems: [...new Set(problems.map(({ kind }) => kind))],
    reasons: problems.map(({ reason }) => reason),
  }
}

/** The error's message may contain anything. */
function shown({ outcome, millis }: Ping): PoolHealth['ping'] {
  return { outcome, millis }
}

/** Returns the text of the only pool, or all texts with the pool names. */
function poolInfos(pools: readonly PoolHealth[]): string {
  const [first] = pools
  if (first === undefined) return 'no pool'
  return pools.length === 1 ? poolInfo(first) : pools.map((pool) => `${pool.name}: ${poolInfo(pool)}`).join('; ')
}

function poolInfo({
  max,
  acquireTimeoutMillis,
  connectTimeoutMillis,
}: Pick<PoolReport, 'max' | 'acquireTimeoutMillis' | 'connectTimeoutMillis'>): string {
  return `Limit: ${max ?? 'none'}, Pool Timeout: ${inSeconds(acquireTimeoutMillis)}, Connect Timeout: ${inSeconds(connectTimeoutMillis)}`
}

function inSeconds(millis: number | null): string {
  return millis === null ? 'never' : `${millis / 1000}s`
}
