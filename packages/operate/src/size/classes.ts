import type { Load } from './load.ts'
import type { ResolvedSize, SizeOptions } from './options.ts'

/** The size of an application. */
export type SizeClass = 'Small' | 'Medium' | 'Large' | 'Enterprise'

/** A typical application of a class, as the options of `planSize()`. */
export interface ClassExample {
  readonly class: SizeClass
  readonly options: SizeOptions
}

/** One application of each class, all with five statements of 2 ms a request. */
export const sizeClasses: readonly ClassExample[] = [
  { class: 'Small', options: example(2, 2, 50, 0) },
  { class: 'Medium', options: example(4, 8, 300, 1) },
  { class: 'Large', options: example(16, 40, 1500, 2) },
  { class: 'Enterprise', options: example(64, 500, 8000, 4) },
]

function example(cores: number, processes: number, requestsPerSecond: number, poolers: number): SizeOptions {
  return { cores, processes, requestsPerSecond, statementsPerRequest: 5, meanMillis: 2, poolers }
}

/** Returns the smallest class whose processes and cores suffice, with 30 % of the cores to spare. */
export function classOf({ processes }: ResolvedSize, { busy }: Load): SizeClass {
  const fits = sizeClasses.find(
    ({ options: { cores = 0, processes: most = 0 } }) => processes <= most && busy <= 0.7 * 2 * cores,
  )
  return fits?.class ?? 'Enterprise'
}
