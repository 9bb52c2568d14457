import { counted } from '@poolsafe/core/internal'
import { round, staffed, type Load } from './load.ts'
import type { ResolvedSize } from './options.ts'
import { mostProcesses, slotFigures, slotsOf, wantedPool } from './pools.ts'
import { sources, type Figure } from './sources.ts'

/** How many connections each part opens. */
export interface Connections {
  /** The pool of one process. */
  readonly pool: number
  /** The connections that a process would need, if the database had room for them. */
  readonly wantedPool: number
  /** `default_pool_size` of each pooler; 0 without a pooler. */
  readonly poolSize: number
  /** The most server connections of one pooler: `max_db_connections`; 0 without a pooler. */
  readonly poolerTotal: number
  /** `max_client_conn` of each pooler; 0 without a pooler. */
  readonly maxClients: number
  /** Server connections of the whole application at most. */
  readonly total: number
  /** The value of `max_connections` that this needs. */
  readonly neededMaxConnections: number
  readonly figures: readonly Figure[]
}

/** PostgreSQL's default. */
const usualMaxConnections = 100

/** Divides the connections of the database between processes or poolers. */
export function divideConnections(size: ResolvedSize, load: Load): Connections {
  const { wanted, figures } = wantedPool(size, load)
  const divided = size.poolers === 0 ? withoutPooler(size, wanted) : behindPoolers(size, load, wanted)
  const needed = divided.total + size.reservedConnections + size.otherConnections
  const neededMaxConnections = Math.max(needed, usualMaxConnections)
  return {
    ...divided,
    wantedPool: wanted,
    neededMaxConnections,
    figures: [
      ...figures,
      ...slotFigures(size),
      ...divided.figures,
      {
        name: 'max_connections',
        value: size.maxConnections ?? neededMaxConnections,
        unit: 'connections',
        formula:
          size.maxConnections === undefined
            ? `max(${usualMaxConnections}, ${divided.total} + ${size.reservedConnections} reserved + ${size.otherConnections} others)`
            : `given; ${needed} are needed`,
        source: sources.slots,
      },
    ],
  }
}

type Divided = Pick<Connections, 'pool' | 'poolSize' | 'poolerTotal' | 'maxClients' | 'total' | 'figures'>

function withoutPooler(size: ResolvedSize, wanted: number): Divided {
  const processes = mostProcesses(size)
  const room = Math.floor(slotsOf(size) / processes)
  const pool = Math.max(Math.min(wanted, room), 1)
  return {
    pool,
    poolSize: 0,
    poolerTotal: 0,
    maxClients: 0,
    total: pool * processes,
    figures: [
      figureOf(
        'pool of a process',
        pool,
        Number.isFinite(room)
          ? `min(${wanted} needed, ${slotsOf(size)} ÷ ${counted(processes, 'process')} = ${room})`
          : `${wanted} needed`,
        sources.slots,
      ),
      figureOf(
        'server connections in all',
        pool * processes,
        `(${counted(size.processes, 'process')} + ${size.surge} in a rolling update) × ${pool}`,
        sources.surge,
      ),
    ],
  }
}

/** Client connections are cheap, so each process gets what it needs. */
function behindPoolers(size: ResolvedSize, load: Load, pool: number): Divided {
  const { poolers, pairs } = size
  const servers =
    size.pairs > 1 && roomOf(size, load) < leastShare * poolers * pairs
      ? sharedServers(size, load)
      : ownServers(size, load)
  const { poolSize, poolerTotal } = servers
  const each = clientsOf(size, pool)
  const clients = mostProcesses(size) * each
  // If one pooler fails, the others get its clients.
  const maxClients = Math.ceil((clients * 1.2) / Math.max(poolers - 1, 1))
  return {
    pool,
    poolSize,
    poolerTotal,
    maxClients,
    total: poolerTotal * poolers,
    figures: [
      figureOf('pool of a process', pool, `${pool} needed`, sources.staffing),
      ...servers.figures,
      figureOf(
        'max_client_conn',
        maxClients,
        `(${size.processes} + ${size.surge}) processes × ${each === pool ? pool : `${pairs} pairs`} × 1.2 ÷ ${counted(Math.max(poolers - 1, 1), 'pooler')}${poolers > 1 ? ' (one may fail)' : ''}`,
        sources.pgbouncer,
      ),
      figureOf(
        'file descriptors of a pooler',
        maxClients + poolerTotal + 100,
        `max_client_conn + ${poolerTotal} server connections + 100`,
        sources.pgbouncer,
      ),
    ],
  }
}

/** With fewer connections for each pair, the pairs share them. */
const leastShare = 2

/** The connections of one process to the poolers. A pool has one user, so a process has a pool for each pair. */
export function clientsOf({ pairs }: ResolvedSize, pool: number): number {
  return Math.max(pool, pairs)
}

/** Returns true if the pairs of database and user share the server connections of a pooler. */
export function areShared(
  { pairs }: Pick<ResolvedSize, 'pairs'>,
  { poolSize, poolerTotal }: Pick<Connections, 'poolSize' | 'poolerTotal'>,
): boolean {
  return poolerTotal < poolSize * pairs
}

type Servers = Pick<Connections, 'poolSize' | 'poolerTotal' | 'figures'>

function roomOf(size: ResolvedSize, { worthHaving }: Load): number {
  return Math.min(worthHaving, slotsOf(size))
}

/** Each pair of database and user has connections of its own. */
function ownServers(size: ResolvedSize, { worthHaving }: Load): Servers {
  const { poolers, pairs } = size
  const parts = poolers * pairs
  const byCores = Math.floor(worthHaving / parts)
  const bySlots = Math.floor(slotsOf(size) / parts)
  const poolSize = Math.max(Math.min(byCores, bySlots), 1)
  return {
    poolSize,
    poolerTotal: poolSize * pairs,
    figures: [
      figureOf(
        'default_pool_size',
        poolSize,
        `${poolSizeBy(byCores, bySlots)}, of ${counted(poolers, 'pooler')} × ${counted(pairs, 'pair')} of database and user`,
        sources.pgbouncer,
      ),
      figureOf(
        'server connections in all',
        poolSize * parts,
        `${counted(poolers, 'pooler')} × ${counted(pairs, 'pair')} × ${poolSize}`,
        sources.pgbouncer,
      ),
    ],
  }
}

/**
 * With one connection, a slow statement of a pair stops its others, so the pairs share the connections of a pooler. At its
 * limit, PgBouncer closes an idle connection of one pair for another.
 */
function sharedServers(size: ResolvedSize, load: Load): Servers {
  const { poolers, pairs } = size
  const room = roomOf(size, load)
  const poolerTotal = Math.max(Math.floor(room / poolers), 1)
  const wanted = staffed(load.busy / (poolers * pairs))
  const poolSize = Math.min(wanted, poolerTotal)
  return {
    poolSize,
    poolerTotal,
    figures: [
      figureOf(
        'default_pool_size',
        poolSize,
        `min(max(2, L + 2 × √L), max_db_connections), with L = ${round(load.busy)} ÷ (${counted(poolers, 'pooler')} × ${counted(pairs, 'pair')} of database and user)`,
        sources.staffing,
      ),
      figureOf(
        'max_db_connections',
        poolerTotal,
        `max(1, ${room} ÷ ${counted(poolers, 'pooler')}): ${counted(pairs, 'pair')} share them, and an idle connection of one pair is closed for another`,
        sources.pgbouncer,
      ),
      figureOf(
        'server connections in all',
        poolerTotal * poolers,
        `${counted(poolers, 'pooler')} × ${poolerTotal}, if all pairs have the same database or the same user`,
        sources.pgbouncer,
      ),
    ],
  }
}

function poolSizeBy(byCores: number, bySlots: number): string {
  if (!Number.isFinite(bySlots)) return `max(1, ${byCores} by cores)`
  const decides = bySlots < byCores ? 'max_connections decides' : 'the cores decide'
  return `max(1, min(${byCores} by cores, ${bySlots} by max_connections)), ${decides}`
}

function figureOf(name: string, value: number, formula: string, source: string): Figure {
  return { name, value, unit: 'connections', formula, source }
}
