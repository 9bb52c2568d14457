import type { LogLine } from './log.ts'
import type { Health, Service } from './service.ts'
import { repeatFor, shops } from './traffic.ts'

/** A problem of real services, and where an operator finds it. */
export interface Scenario {
  readonly name: string
  /** A shorter name, for charts. */
  readonly label: string
  play(service: Service): Promise<void>
  isInLog(line: LogLine): boolean
  /** A figure of `/health` that grows. */
  inHealth(health: Health): number
  /** An expression for Prometheus that grows. */
  readonly metric: string
  /** The shipped alert that fires. */
  readonly alert: string
}

export const slowQuery: Scenario = {
  name: 'a slow query',
  label: 'slow query',
  async play(service) {
    // Four of each shop: no pool is exhausted, and more than one statement in twenty is slow.
    await repeatFor(5000, 8, 0, (index) => service.send('GET', `${shops[index % 2]}/faulty/revenue`))
  },
  isInLog: ({ poolsafe }) => poolsafe?.event === 'slowQuery',
  inHealth: ({ slowQueries }) => slowQueries,
  metric: 'poolsafe_slow_queries_total',
  alert: 'PoolsafeQueriesSlow',
}

export const repeatedQuery: Scenario = {
  name: 'an N+1',
  label: 'N+1',
  async play(service) {
    await repeatFor(3000, 2, 250, (index) => service.send('GET', `${shops[index % 2]}/faulty/customers-with-orders`))
  },
  isInLog: ({ msg }) => msg.includes('(repeated query, N+1)'),
  inHealth: ({ repeatedQueries }) => repeatedQueries,
  metric: 'poolsafe_repeated_queries_total',
  alert: 'PoolsafeRepeatedQueries',
}

export const exhaustedPool: Scenario = {
  name: 'an exhausted pool',
  label: 'exhausted pool',
  async play(service) {
    // Two of three by Kysely, so that a chart can distinguish the two.
    const shopOf = (index: number): string => shops[index % 3 === 0 ? 0 : 1]
    await repeatFor(6000, 36, 0, (index) =>
      service.send('POST', `${shopOf(index)}/faulty/orders/${1 + (index % 400)}/payment`),
    )
  },
  isInLog: ({ msg }) => /^waited \d+ ms for a connection/.test(msg),
  inHealth: ({ pools }) => pools.reduce((sum, { timedOut }) => sum + timedOut, 0),
  metric: 'sum(poolsafe_pool_acquire_timeouts_total)',
  alert: 'PoolsafeCallsWaiting',
}
