import { MeterProvider, PeriodicExportingMetricReader, type PushMetricExporter } from '@opentelemetry/sdk-metrics'
import { createGuard, withRequestScope, type Guard } from '@poolsafe/core'
import { openTelemetryMetrics } from '@poolsafe/metrics/opentelemetry'
import { prometheusMetrics } from '@poolsafe/metrics/prometheus'
import { Registry } from 'prom-client'

/** The observer of a contender's statements. */
export interface Watch {
  /** `undefined`: the contender is not guarded. */
  readonly guard: Guard | undefined
  /** Runs one request of the application. */
  readonly inRequest: <Result>(run: () => Promise<Result>) => Promise<Result>
  /** Rejects where nothing was seen of what should have been. */
  close(): Promise<void>
}

/** How a guard is measured. */
export type Guarding =
  | 'unobserved'
  | 'repairing'
  | 'guarded'
  | 'everything'
  | 'everything, listener'
  | 'everything, OpenTelemetry'

/** Nobody. */
export const unwatched: Watch = { guard: undefined, inRequest: (run) => run(), close: async () => {} }

/** @param variant a {@link Guarding}, or whatever else is not guarded */
export function startWatch(variant: string): Watch {
  if (variant.startsWith('unobserved')) return { ...unwatched, guard: createGuard({ observe: false }) }
  if (variant === 'repairing') return startRepairing()
  if (variant === 'guarded') return observed(createGuard())
  return variant.startsWith('everything') ? startEverything(variant) : unwatched
}

function startRepairing(): Watch {
  const guard = createGuard({ mode: 'repair', observe: false })
  return { ...unwatched, guard }
}

/** The pause between two scrapes. Prometheus usually scrapes each fifteen seconds. */
const scrapeMillis = 1000

/** The slow log, statistics and channels are on without being asked for; request scopes and metrics are asked for. */
function startEverything(variant: string): Watch {
  const guard = createGuard()
  const { close } = observed(guard)
  const heard = { count: 0 }
  if (variant === 'everything, listener') guard.on('query', () => heard.count++)
  const endMeasuring = variant === 'everything, OpenTelemetry' ? measureByOpenTelemetry(guard) : async () => {}
  const registry = new Registry()
  prometheusMetrics(guard, { registry })
  const scraping = setInterval(() => void registry.metrics(), scrapeMillis)
  return {
    guard,
    inRequest: (run) => withRequestScope(run),
    close: async () => {
      clearInterval(scraping)
      await endMeasuring()
      await close()
      if (!/query_duration_seconds_count\S* [1-9]/.test(await registry.metrics()))
        throw new Error('There is no metric of any query.')
    },
  }
}

/** With a reader that asks as often as Prometheus does, and an exporter that does nothing. */
function measureByOpenTelemetry(guard: Guard): () => Promise<void> {
  let exported = 0
  const exporter: PushMetricExporter = {
    export: ({ scopeMetrics }, done: (result: { code: 0 }) => void) => {
      exported += scopeMetrics.flatMap(({ metrics }) => metrics).length
      done({ code: 0 })
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  }
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: scrapeMillis,
    exportTimeoutMillis: scrapeMillis,
  })
  const provider = new MeterProvider({ readers: [reader] })
  openTelemetryMetrics(guard, { meter: provider.getMeter('bench') })
  return async () => {
    await provider.shutdown()
    if (exported === 0) throw new Error('No metric was exported.')
  }
}

function observed(guard: Guard): Watch {
  const close = async (): Promise<void> => {
    if (guard.stats().totalQueries === 0) throw new Error('The guard saw no statement: nothing was measured.')
  }
  return { ...unwatched, guard, close }
}
