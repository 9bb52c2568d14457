import type { DurationHistogram } from '@poolsafe/core'
import type { Sample } from './catalogue.ts'

/** Adds up what has the same labels, as pools of one name have: twice the same series is an error to Prometheus. */
export function merge(samples: readonly Sample[]): Sample[] {
  const merged = new Map<string, Sample>()
  for (const sample of samples) {
    const key = JSON.stringify(sample.labels)
    const known = merged.get(key)
    merged.set(key, known === undefined ? sample : { labels: sample.labels, value: sum(known.value, sample.value) })
  }
  return [...merged.values()]
}

function sum(one: Sample['value'], other: Sample['value']): Sample['value'] {
  return typeof one === 'number' || typeof other === 'number' ? Number(one) + Number(other) : sumOfHistograms(one, other)
}

/** All histograms of one metric have the same bounds. */
function sumOfHistograms(one: DurationHistogram, other: DurationHistogram): DurationHistogram {
  return {
    boundsMillis: one.boundsMillis,
    counts: one.counts.map((count, bucket) => count + (other.counts[bucket] ?? 0)),
    sumMillis: one.sumMillis + other.sumMillis,
    maxMillis: Math.max(one.maxMillis, other.maxMillis),
  }
}
