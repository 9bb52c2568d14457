import { createGuard, type Guard } from '@poolsafe/core'
import { prometheusMetrics } from '@poolsafe/metrics/prometheus'
import { Registry } from 'prom-client'

/** Who looks at what a contender sends. */
export interface Watch {
  /** `undefined`: the contender is not guarded. */
  readonly guard: Guard | undefined
  /** Runs one request of the application. */
  readonly inRequest: <Result>(run: () => Promise<Result>) => Promise<Result>
  /** Rejects where nothing was seen of what should have been. */
  close(): Promise<void>
}

/** How a guard is measured. */
export type Guarding = 'unobserved' | 'guarded' | 'everything' | 'everything, listener'

/** Nobody. */
export const unwatched: Watch = { guard: undefined, inRequest: (run) => run(), close: async () => {} }

/** @param variant a {@link Guarding}, or whatever else is not guarded */
export function startWatch(variant: string): Watch {
  if (variant === 'unobserved') return { ...unwatched, guard: createGuard({ observe: false }) }
  if (variant === 'guarded') return observed(createGuard())
  return variant.startsWith('everything') ? startEverything(variant) : unwatched
}

/** What Prometheus asks for metrics, usually each fifteen seconds. */
const scrapeMillis = 1000

/** The slow log, statistics and channels are on without being asked for; request scopes and metrics are asked for. */
function startEverything(variant: string): Watch {
  const guard = createGuard()
  const { close } = observed(guard)
  if (variant === 'everything, listener') guard.on('query', countEvent)
  const registry = new Registry()
  prometheusMetrics(guard, { registry })
  const scraping = setInterval(() => void registry.metrics(), scrapeMillis)
  return {
    guard,
    inRequest: (run) => run(),
    close: async () => {
      clearInterval(scraping)
      await close()
      if (!/query_duration_seconds_count\S* [1-9]/.test(await registry.metrics())) throw new Error('There is no metric of any query.')
    },
  }
}

let events = 0
function countEvent(): void {
  events++
}

function observed(guard: Guard): Watch {
  const close = async (): Promise<void> => {
    if (guard.stats().totalQueries === 0) throw new Error('The guard saw no statement: nothing was measured.')
  }
  return { ...unwatched, guard, close }
}
