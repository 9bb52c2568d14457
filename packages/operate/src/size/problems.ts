import { counted } from '@poolsafe/core/internal'
import { areShared, type Connections } from './connections.ts'
import { round, staffed, type Load } from './load.ts'
import type { Memory } from './memory.ts'
import type { ResolvedSize } from './options.ts'
import { mostProcesses, slotsOf } from './pools.ts'

/** Something that does not fit. */
export interface Problem {
  readonly what: string
  readonly remedy: string
}

export function problemsOf(size: ResolvedSize, load: Load, connections: Connections, memory: Memory): Problem[] {
  return [
    ...overload(load),
    ...tooFewSlots(size, connections),
    ...tooManySlots(connections),
    ...shortPool(connections),
    ...manyPoolers(size, load, connections),
    ...deadlockAtPooler(size, load, connections),
    ...tooLittleMemory(memory),
  ]
}

function overload({ busy, worthHaving }: Load): Problem[] {
  if (busy < worthHaving) return []
  return [
    {
      what: `the load keeps ${round(busy)} connections busy, and the database works for ${worthHaving}: the queue grows without bound`,
      remedy: 'no pool size helps: make the statements faster, spread the reads, or give the database more cores',
    },
  ]
}

function tooFewSlots(size: ResolvedSize, { total }: Connections): Problem[] {
  const slots = slotsOf(size)
  if (total <= slots) return []
  return [
    {
      what: `${total} connections are opened at most, and the database has ${slots} for them`,
      remedy:
        size.poolers === 0
          ? `put a transaction pooler in front, or run at most ${Math.max(slots, 1)} of ${mostProcesses(size)} processes`
          : 'fewer poolers or fewer pairs of database and user, or a larger max_connections',
    },
  ]
}

/** The largest `max_connections` that PostgreSQL accepts. Source: `pg_settings.max_val` of PostgreSQL 18. */
const mostConnections = 262_143

function tooManySlots({ neededMaxConnections }: Connections): Problem[] {
  if (neededMaxConnections <= mostConnections) return []
  return [
    {
      what: `max_connections would be ${neededMaxConnections}, and PostgreSQL accepts at most ${mostConnections}`,
      remedy: 'fewer poolers or fewer pairs of database and user, or several database servers',
    },
  ]
}

function shortPool({ pool, wantedPool }: Connections): Problem[] {
  if (pool >= wantedPool) return []
  return [
    {
      what: `a process needs ${wantedPool} connections, and gets ${pool}`,
      remedy: 'put a transaction pooler in front, or raise max_connections',
    },
  ]
}

/** A pool has at least one connection, so many poolers open more than the cores can work for. */
function manyPoolers({ poolers, pairs }: ResolvedSize, { worthHaving }: Load, { total }: Connections): Problem[] {
  if (poolers === 0 || total <= worthHaving) return []
  return [
    {
      what: `${counted(poolers, 'pooler')} for ${counted(pairs, 'pair')} of database and user open ${counted(total, 'connection')}, and the database works for ${worthHaving}`,
      remedy: 'fewer poolers, or one user for all',
    },
  ]
}

/** The pools of processes have a floor against this. The pool of a pooler is shared by all of them. */
function deadlockAtPooler(size: ResolvedSize, { busy }: Load, connections: Connections): Problem[] {
  const { poolers, pairs, connectionsAtOnce } = size
  if (poolers === 0 || connectionsAtOnce === 1) return []
  const isShared = areShared(size, connections)
  const poolSize = isShared ? connections.poolerTotal : connections.poolSize
  const requests = staffed(busy / (isShared ? poolers : poolers * pairs))
  if (poolSize >= requests * (connectionsAtOnce - 1) + 1) return []
  return [
    {
      what: `${requests} requests at once may hold all ${counted(poolSize, 'server connection')} of a pool, each waiting for its next one: a deadlock until query_wait_timeout`,
      remedy: 'one connection for each request: no query outside of a transaction while it is open',
    },
  ]
}

function tooLittleMemory({ neededBytes, roomBytes, workMemBytes }: Memory): Problem[] {
  if (neededBytes <= roomBytes) return []
  const gib = (bytes: number): string => `${round(bytes / 2 ** 30)} GiB`
  return [
    {
      what: `PostgreSQL may use ${gib(neededBytes)}, and 90 % of the memory are ${gib(roomBytes)}`,
      remedy: `a work_mem below ${Math.ceil(workMemBytes / 2 ** 20)} MB, or fewer connections`,
    },
  ]
}
