import { addHistograms } from '@poolsafe/core/internal'
import type { Sample } from './catalogue.ts'

/**
 * Adds up samples with the same labels, such as those of two pools with one name. Prometheus rejects a duplicate
 * series.
 */
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
  return typeof one === 'number' || typeof other === 'number' ? Number(one) + Number(other) : addHistograms(one, other)
}
