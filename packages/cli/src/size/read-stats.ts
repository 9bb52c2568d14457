import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { UsageError } from '@poolsafe/config'
import type { DurationHistogram } from '@poolsafe/core/internal'

/**
 * Reads from a file with `guard.stats()` as JSON how long checkouts kept their connection. A guard without pools has only
 * the durations of its statements.
 *
 * @throws UsageError for a file that cannot be read, and for one without durations
 */
export function readStats(path: string, cwd: string): DurationHistogram {
  const { uses, statements } = durationsIn(path, cwd)
  const ofCheckouts = uses.filter(isHistogram).filter(hasCounts)
  const histograms = ofCheckouts.length > 0 ? ofCheckouts : statements.filter(isHistogram)
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

/** The parts of `guard.stats()` that are read here, not checked yet. */
interface Durations {
  readonly uses: readonly unknown[]
  readonly statements: readonly unknown[]
}

interface Stats {
  readonly byKind?: readonly { readonly duration?: unknown }[]
  readonly pools?: readonly { readonly use?: unknown }[]
  readonly endedPools?: readonly { readonly use?: unknown }[]
}

function durationsIn(path: string, cwd: string): Durations {
  try {
    const { byKind = [], pools = [], endedPools = [] } = JSON.parse(readFileSync(resolve(cwd, path), 'utf8')) as Stats
    return {
      uses: [...pools, ...endedPools].map(({ use }) => use),
      statements: byKind.map(({ duration }) => duration),
    }
  } catch (error) {
    throw new UsageError(`--stats: ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function hasCounts({ counts }: DurationHistogram): boolean {
  return counts.some((count) => count > 0)
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
