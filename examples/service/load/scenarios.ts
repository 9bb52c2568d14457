import type { LogLine } from './log.ts'
import type { Health, Service } from './service.ts'
import { repeatFor, shops } from './traffic.ts'

/** Something that goes wrong in real services, and where an operator finds it. */
export interface Scenario {
  readonly name: string
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
  async play(service) {
    await repeatFor(5000, 4, 0, (index) => service.send('GET', `${shops[index % 2]}/faulty/revenue`))
  },
  isInLog: ({ poolsafe }) => poolsafe?.event === 'slowQuery',
  inHealth: ({ slowQueries }) => slowQueries,
  metric: 'poolsafe_slow_queries_total',
  alert: 'PoolsafeSlowQueries',
}

export const repeatedQuery: Scenario = {
  name: 'an N+1',
  async play(service) {
    await repeatFor(4000, 2, 250, (index) => service.send('GET', `${shops[index % 2]}/faulty/customers-with-orders`))
  },
  isInLog: ({ poolsafe }) => poolsafe?.event === 'repeatedQuery',
  inHealth: ({ repeatedQueries }) => repeatedQueries,
  metric: 'poolsafe_repeated_queries_total',
  alert: 'PoolsafeRepeatedQueries',
}

export const exhaustedPool: Scenario = {
  name: 'an exhausted pool',
  async play(service) {
    await repeatFor(7000, 40, 0, (index) => service.send('POST', `${shops[index % 2]}/faulty/orders/${1 + index}/payment`))
  },
  isInLog: ({ msg }) => /^waited \d+ ms for a connection/.test(msg),
  inHealth: ({ pools }) => pools.reduce((sum, { timedOut }) => sum + timedOut, 0),
  metric: 'sum(poolsafe_pool_acquire_timeouts_total)',
  alert: 'PoolsafeWaitingCalls',
}
