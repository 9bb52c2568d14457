import type { DurationHistogram } from '@poolsafe/core/internal'
import { simulateQueue, solveErlang, type ServiceTime, type SizeOptions, type SizePlan } from '@poolsafe/operate'

/** The wait for a connection with one number of connections. Durations are in milliseconds; `null` is no bound. */
export interface WaitPoint {
  readonly connections: number
  readonly utilisation: number
  readonly p50WaitMillis: number | null
  readonly p99WaitMillis: number | null
  /** The result of the M/M/c formula, which knows only the mean. */
  readonly formulaP99WaitMillis: number | null
  /** The plan has this number. */
  readonly isPlanned: boolean
}

/** The place where callers wait: at the pool of one process, or at the poolers. */
export interface WaitCurve {
  readonly place: string
  readonly arrivalsPerSecond: number
  readonly meanMillis: number
  readonly points: readonly WaitPoint[]
}

/** Simulates the wait over numbers of connections around the planned one. */
export function waitCurveOf(plan: SizePlan, options: SizeOptions, recorded?: DurationHistogram): WaitCurve {
  const { processes = 2, meanMillis = 5, p99Millis = 5 * meanMillis, poolers = 0 } = options
  const isPooled = poolers > 0
  const planned = isPooled ? plan.totalConnections : plan.pool
  const arrivalsPerSecond = plan.checkoutsPerSecond / (isPooled ? 1 : processes)
  const scale = plan.heldMillis / meanMillis
  const service: ServiceTime =
    recorded === undefined ? { meanMillis: plan.heldMillis, p99Millis: p99Millis * scale } : { histogram: recorded }
  const mean = recorded === undefined ? plan.heldMillis : meanOfHistogram(recorded)
  // One process may use the cores that the others leave idle.
  const fullSpeed = isPooled ? plan.worthHaving : Infinity
  return {
    place: isPooled ? `at the poolers’ server connections (${poolers} poolers together)` : 'at the pool of one process',
    arrivalsPerSecond,
    meanMillis: mean,
    points: sizesAround(planned, (arrivalsPerSecond * mean) / 1000).map((connections) =>
      Object.assign(point(connections, { arrivalsPerSecond, service, fullSpeed }, mean), {
        isPlanned: connections === planned,
      }),
    ),
  }
}

interface Queue {
  readonly arrivalsPerSecond: number
  readonly service: ServiceTime
  readonly fullSpeed: number
}

function point(connections: number, queue: Queue, meanMillis: number): Omit<WaitPoint, 'isPlanned'> {
  const { arrivalsPerSecond, fullSpeed } = queue
  const load = (arrivalsPerSecond * meanMillis) / 1000
  const formula = solveErlang({ arrivalsPerSecond, meanMillis, servers: connections })
  // Such a queue grows for as long as it is simulated, so its numbers mean nothing.
  if (load >= Math.min(connections, fullSpeed))
    return { connections, utilisation: 1, p50WaitMillis: null, p99WaitMillis: null, formulaP99WaitMillis: null }
  const { utilisation, p50WaitMillis, p99WaitMillis } = simulateQueue({ ...queue, servers: connections })
  return { connections, utilisation, p50WaitMillis, p99WaitMillis, formulaP99WaitMillis: formula.p99WaitMillis }
}

/** At most twelve sizes, from the least that carries the load to twice the planned one. */
function sizesAround(planned: number, load: number): number[] {
  const least = Math.max(Math.floor(load), 1)
  const most = Math.max(2 * planned, least + 4)
  const step = Math.max(Math.ceil((most - least) / 11), 1)
  const sizes = Array.from({ length: 12 }, (_, at) => least + at * step).filter((size) => size <= most)
  return [...new Set([...sizes, planned])].toSorted((one, other) => one - other)
}

/** Returns the mean in milliseconds. */
export function meanOfHistogram({ counts, sumMillis }: DurationHistogram): number {
  return sumMillis / counts.reduce((sum, count) => sum + count, 0)
}
