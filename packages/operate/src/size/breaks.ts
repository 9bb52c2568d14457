import { clientsOf, type Connections } from './connections.ts'
import { round, type Load } from './load.ts'
import type { ResolvedSize } from './options.ts'
import { mostProcesses, slotsOf } from './pools.ts'

/** A limit that growth reaches. */
export interface Limit {
  readonly what: string
  /** The load or the number of processes at which it is reached. */
  readonly at: number
  readonly unit: 'requests/s' | 'processes'
  /** How many times the present load or number of processes that is. Below 1 it is reached already. */
  readonly factor: number
  /** The symptom that users see. */
  readonly shows: string
  readonly remedy: string
}

/** Returns the limits, the nearest first. */
export function limitsOf(size: ResolvedSize, load: Load, connections: Connections): Limit[] {
  return [...limitsOfLoad(size, load, connections), ...limitsOfProcesses(size, connections)].toSorted(
    (one, other) => one.factor - other.factor,
  )
}

function limitsOfLoad(size: ResolvedSize, load: Load, { pool, total }: Connections): Limit[] {
  const limit = (what: string, connections: number, shows: string, remedy: string): Limit => {
    const factor = connections / load.busy
    return {
      what,
      at: round(size.requestsPerSecond * factor),
      unit: 'requests/s',
      factor: round(factor),
      shows,
      remedy,
    }
  }
  return [
    limit(
      `the database’s ${size.cores} cores`,
      load.worthHaving,
      'every statement slows down, whatever the pools',
      'make the statements faster, read from a replica, or give the database more cores',
    ),
    limit(
      'the pools of the processes',
      pool * size.processes,
      'AcquireTimeoutError (poolsafe), P2024 (Prisma), "timeout exceeded when trying to connect" (pg)',
      'more processes, or a larger pool if the database has room',
    ),
    ...(size.poolers === 0
      ? []
      : [
          limit(
            'the poolers’ server connections',
            total,
            'query_wait_timeout; cl_waiting grows in SHOW POOLS',
            'raise default_pool_size only while the database has idle cores',
          ),
        ]),
  ]
}

function limitsOfProcesses(size: ResolvedSize, { pool, maxClients, neededMaxConnections }: Connections): Limit[] {
  const slots = Math.min(slotsOf(size), neededMaxConnections - size.reservedConnections - size.otherConnections)
  const room = size.poolers === 0 ? slots : maxClients * Math.max(size.poolers - 1, 1)
  const processes = Math.floor(room / (size.poolers === 0 ? pool : clientsOf(size, pool)))
  return [
    {
      what: size.poolers === 0 ? 'max_connections' : 'max_client_conn',
      at: processes,
      unit: 'processes',
      factor: round(processes / mostProcesses(size)),
      shows:
        size.poolers === 0 ? '53300 sorry, too many clients already' : 'no more connections allowed (max_client_conn)',
      remedy:
        size.poolers === 0
          ? 'a transaction pooler in front of the database'
          : 'raise max_client_conn and its file descriptors',
    },
  ]
}
