import type { Connections } from './connections.ts'
import type { Load } from './load.ts'
import type { ResolvedSize } from './options.ts'
import { sources, type Figure } from './sources.ts'

/** The memory of the database server. */
export interface Memory {
  readonly workMemBytes: number
  /** The most memory that PostgreSQL may use. */
  readonly neededBytes: number
  /** 90 % of the memory. */
  readonly roomBytes: number
  readonly figures: readonly Figure[]
}

const mib = 2 ** 20

/** A backend that has read the catalog (measured: 1.4 MB after one SELECT, 2.0, and 7.3 with 200 named statements). */
const backendBytes = 2 * mib

/** Three autovacuum workers with `maintenance_work_mem` of 64 MB: PostgreSQL's defaults. */
const autovacuumBytes = 3 * 64 * mib

/** PostgreSQL's default of `max_worker_processes`. */
const workerProcesses = 8

/** The least `work_mem` that PostgreSQL accepts. */
const leastWorkMem = 64 * 1024

export function memoryOf(size: ResolvedSize, load: Load, connections: Connections): Memory {
  const { ramBytes, sharedBuffersBytes, sortsPerStatement, parallelWorkers } = size
  const roomBytes = 0.9 * ramBytes
  const active = Math.min(load.worthHaving, connections.total)
  const sorts = Math.max(active * sortsPerStatement * (1 + parallelWorkers), 1)
  const fixed = sharedBuffersBytes + connections.total * backendBytes + autovacuumBytes
  const maxConnections = size.maxConnections ?? connections.neededMaxConnections
  const byPgtune = (ramBytes - sharedBuffersBytes) / ((maxConnections + workerProcesses) * 3)
  const workMemBytes = size.workMemBytes ?? wholeMegabytes(Math.min((roomBytes - fixed) / sorts, byPgtune))
  const neededBytes = fixed + sorts * workMemBytes
  return {
    workMemBytes,
    neededBytes,
    roomBytes,
    figures: [
      {
        name: 'work_mem',
        value: workMemBytes,
        unit: 'bytes',
        formula:
          size.workMemBytes === undefined
            ? `min((90 % of RAM − fixed) ÷ ${sorts} sorts at once, (RAM − shared_buffers) ÷ ((${maxConnections} + ${workerProcesses}) × 3))`
            : 'given',
        source: sources.workMem,
      },
      {
        name: 'memory of PostgreSQL at most',
        value: neededBytes,
        unit: 'bytes',
        formula: `shared_buffers + ${connections.total} connections × 2 MB + ${active} active × ${sortsPerStatement} sorts × (1 + ${parallelWorkers} workers) × work_mem + 3 × 64 MB autovacuum`,
        source: `${sources.memory}; ${sources.backend}`,
      },
    ],
  }
}

/** Rounds down, so that the setting is short. */
function wholeMegabytes(bytes: number): number {
  return bytes >= mib ? Math.floor(bytes / mib) * mib : leastWorkMem
}
