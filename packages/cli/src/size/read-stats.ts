import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { UsageError } from '@poolsafe/config'
import type { DurationHistogram } from '@poolsafe/core/adapter'

/**
 * Reads the durations of all statements from a file with `guard.stats()` as JSON.
 *
 * @throws UsageError for a file that cannot be read, and for one without durations
 */
export function readStats(path: string, cwd: string): DurationHistogram {
  const kinds = kindsIn(path, cwd)
  const histograms = kinds.filter(isHistogram)
  const [first] = histograms
  const all = histograms.flatMap(({ counts }) => counts).reduce((sum, count) => sum + count, 0)
  if (first === undefined || all === 0)
    throw new UsageError(`--stats: ${path} has no durations; write JSON.stringify(guard.stats()) to it`)
  return {
    boundsMillis: first.boundsMillis,
    counts: first.counts.map((_, at) => histograms.reduce((sum, { counts }) => sum + (counts[at] ?? 0), 0)),
    sumMillis: histograms.reduce((sum, { sumMillis }) => sum + sumMillis, 0),
    maxMillis: Math.max(...histograms.map(({ maxMillis }) => maxMillis)),
  }
}

function kindsIn(path: string, cwd: string): unknown[] {
  try {
    const stats = JSON.parse(readFileSync(resolve(cwd, path), 'utf8')) as { readonly byKind?: readonly unknown[] }
    return (stats.byKind ?? []).map((kind) => (kind as { readonly duration?: unknown }).duration)
  } catch (error) {
    throw new UsageError(`--stats: ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function isHistogram(value: unknown): value is DurationHistogram {
  if (typeof value !== 'object' || value === null) return false
  const { boundsMillis, counts, sumMillis, maxMillis } = value as Partial<Record<keyof DurationHistogram, unknown>>
  const areNumbers = (list: unknown): boolean =>
    Array.isArray(list) && list.every((each) => typeof each === 'number' && each >= 0)
  return (
    areNumbers(boundsMillis) && areNumbers(counts) && typeof sumMillis === 'number' && typeof maxMillis === 'number'
  )
}
