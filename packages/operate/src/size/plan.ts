import { limitsOf, type Limit } from './breaks.ts'
import { classOf, type SizeClass } from './classes.ts'
import { divideConnections } from './connections.ts'
import { loadOf } from './load.ts'
import { memoryOf } from './memory.ts'
import { resolveSize, type SizeOptions } from './options.ts'
import { problemsOf, type Problem } from './problems.ts'
import type { Figure } from './sources.ts'
import { snippetsOf, type PlannedNumbers, type Snippet } from './snippets.ts'
import { timeoutsOf } from './timeouts.ts'

/** The sizes of every part between an application and its database. Plain data. */
export interface SizePlan extends PlannedNumbers {
  readonly class: SizeClass
  /** The mean number of connections in use, and how many the database can work for at full speed. */
  readonly busy: number
  readonly worthHaving: number
  /** Checkouts of a connection a second, and the mean time of each. */
  readonly checkoutsPerSecond: number
  readonly heldMillis: number
  /** Every number with its formula and the source of the formula. */
  readonly figures: readonly Figure[]
  /** The limits that the plan exceeds. Empty for a plan that works. */
  readonly problems: readonly Problem[]
  /** The limits that growth reaches, the nearest first. */
  readonly limits: readonly Limit[]
  /** Configuration to paste. */
  readonly snippets: readonly Snippet[]
}

/**
 * Plans the pools of an application, the poolers, and the settings of the database.
 *
 * @throws InvalidOptionError for an unknown option and for a number that makes no sense
 */
export function planSize(options: SizeOptions = {}): SizePlan {
  const size = resolveSize(options)
  const load = loadOf(size)
  const connections = divideConnections(size, load)
  const memory = memoryOf(size, load, connections)
  const timeouts = timeoutsOf(size)
  const { pool, poolSize, poolerTotal, maxClients, total, neededMaxConnections } = connections
  const { acquireTimeoutMillis, queryWaitMillis, statementTimeoutMillis } = timeouts
  const numbers = {
    pool,
    poolSize,
    poolerTotal,
    maxClients,
    totalConnections: total,
    maxConnections: size.maxConnections ?? neededMaxConnections,
    workMemBytes: memory.workMemBytes,
    acquireTimeoutMillis,
    queryWaitMillis,
    statementTimeoutMillis,
  }
  return {
    class: classOf(size, load),
    ...numbers,
    busy: load.busy,
    worthHaving: load.worthHaving,
    checkoutsPerSecond: load.checkoutsPerSecond,
    heldMillis: load.heldMillis,
    figures: [...load.figures, ...connections.figures, ...memory.figures, ...timeouts.figures],
    problems: problemsOf(size, load, connections, memory),
    limits: limitsOf(size, load, connections),
    snippets: snippetsOf(size, numbers),
  }
}
