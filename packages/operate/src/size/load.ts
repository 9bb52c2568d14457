import type { ResolvedSize } from './options.ts'
import { sources, type Figure } from './sources.ts'

/** The load on the database, and what the database can carry. */
export interface Load {
  /** Checkouts of a connection a second, and the mean time of each. */
  readonly checkoutsPerSecond: number
  readonly heldMillis: number
  /** The mean number of connections in use. */
  readonly busy: number
  /** How many connections can be in use before the database slows down. */
  readonly worthHaving: number
  readonly figures: readonly Figure[]
}

/** Returns the load by Little's law, and the ceiling by cores. */
export function loadOf(size: ResolvedSize): Load {
  const { requestsPerSecond, statementsPerRequest, meanMillis, holdsPerRequest, cores, disks, workShare } = size
  const statements = requestsPerSecond * statementsPerRequest
  const busy = (statements * meanMillis) / 1000
  const worthHaving = Math.max(Math.floor((2 * cores + disks) / workShare), 1)
  return {
    checkoutsPerSecond: holdsPerRequest ? requestsPerSecond : statements,
    heldMillis: holdsPerRequest ? statementsPerRequest * meanMillis : meanMillis,
    busy,
    worthHaving,
    figures: [
      {
        name: 'busy connections',
        value: round(busy),
        unit: 'connections',
        formula: `λ × W = ${round(statements)} statements/s × ${meanMillis} ms = ${round(busy)}`,
        source: sources.little,
      },
      {
        name: 'connections worth having',
        value: worthHaving,
        unit: 'connections',
        formula: `(2 × ${cores} cores + ${disks} disks)${workShare === 1 ? '' : ` ÷ ${workShare} of the time in the database`} = ${worthHaving}`,
        source: sources.cores,
      },
      {
        name: 'the most that the database carries',
        value: round((requestsPerSecond * worthHaving) / busy),
        unit: 'requests/s',
        formula: `K ÷ (statements × W) = ${worthHaving} ÷ (${statementsPerRequest} × ${meanMillis} ms)`,
        source: sources.little,
      },
    ],
  }
}

/** With one connection, a slow statement stops everything else in its process. */
const leastPool = 2

/** The connections for a mean of `busy` in use: `L + 2 × √L`, rounded up, and at least 2. */
export function staffed(busy: number): number {
  return Math.max(Math.ceil(busy + 2 * Math.sqrt(busy)), leastPool)
}

/** Rounds for people: two digits after the point below 10, else one. */
export function round(value: number): number {
  return value < 10 ? Number(value.toFixed(2)) : Number(value.toFixed(1))
}
