import { round, staffed, type Load } from './load.ts'
import type { ResolvedSize } from './options.ts'
import { sources, type Figure } from './sources.ts'

/** The pool of one process, without regard to what the database has room for. */
export interface WantedPool {
  readonly wanted: number
  readonly figures: readonly Figure[]
}

/** Returns the pool that one process needs for its share of the load, and never less than prevents a deadlock. */
export function wantedPool(size: ResolvedSize, { busy }: Load): WantedPool {
  const { processes, connectionsAtOnce } = size
  const share = busy / processes
  const need = staffed(share)
  // Every busy connection may belong to a request that asks for its next one.
  const floor = need * (connectionsAtOnce - 1) + 1
  const wanted = Math.max(need, floor)
  return {
    wanted,
    figures: [
      {
        name: 'connections that a process needs',
        value: need,
        unit: 'connections',
        formula: `max(2, L + 2 × √L), with L = ${round(busy)} ÷ ${processes} processes = ${round(share)}`,
        source: sources.staffing,
      },
      ...(connectionsAtOnce === 1
        ? []
        : [
            {
              name: 'connections that prevent a deadlock',
              value: floor,
              unit: 'connections' as const,
              formula: `T × (C − 1) + 1 = ${need} × (${connectionsAtOnce} − 1) + 1`,
              source: sources.deadlock,
            },
          ]),
    ],
  }
}

/** Returns the processes during a rolling update. */
export function mostProcesses({ processes, surge }: ResolvedSize): number {
  return processes + surge
}

/** Returns the connections of the database that are left for the application; `Infinity` without `maxConnections`. */
export function slotsOf({ maxConnections, reservedConnections, otherConnections }: ResolvedSize): number {
  return maxConnections === undefined ? Infinity : Math.max(maxConnections - reservedConnections - otherConnections, 0)
}

/** Returns how the slots came about. Empty without `maxConnections`. */
export function slotFigures(size: ResolvedSize): Figure[] {
  const { maxConnections, reservedConnections, otherConnections } = size
  if (maxConnections === undefined) return []
  return [
    {
      name: 'connections left for the application',
      value: slotsOf(size),
      unit: 'connections',
      formula: `max_connections − reserved − others = ${maxConnections} − ${reservedConnections} − ${otherConnections}`,
      source: sources.slots,
    },
  ]
}
