import type { Execution } from '../execution.ts'
import type { ResolvedObserveOptions, SlowQueryThreshold } from '../options.ts'

/** The limits above which a statement is slow, and very slow. */
export interface SlowLimits {
  readonly slowMillis: number
  readonly verySlowMillis: number
}

interface Selected extends SlowLimits {
  readonly fits: (operation: string | undefined, tag: string | undefined) => boolean
}

/** Resolves the limits of a statement: those of the first threshold that matches, otherwise the general ones. */
export class SlowThresholds {
  /** The lowest of all limits. A faster statement is never slow. */
  readonly leastMillis: number
  readonly #common: SlowLimits
  readonly #selected: readonly Selected[]

  constructor({ slowQueryMillis, verySlowQueryMillis, slowQueryThresholds }: ResolvedObserveOptions) {
    this.#common = { slowMillis: slowQueryMillis, verySlowMillis: verySlowQueryMillis }
    this.#selected = slowQueryThresholds.map(selectedOf)
    this.leastMillis = Math.min(slowQueryMillis, ...this.#selected.map(({ slowMillis }) => slowMillis))
  }

  limitsOf({ origin, request }: Execution): SlowLimits {
    const operation = origin?.operation
    const tag = request?.tag
    return this.#selected.find(({ fits }) => fits(operation, tag)) ?? this.#common
  }
}

function selectedOf(threshold: SlowQueryThreshold): Selected {
  const { slowQueryMillis: slowMillis, verySlowQueryMillis: verySlowMillis = 3 * slowMillis } = threshold
  return { slowMillis, verySlowMillis, fits: fitsOf(threshold) }
}

function fitsOf({ model, operation: name, tag: wanted }: SlowQueryThreshold): Selected['fits'] {
  if (model !== undefined) return (operation) => operation?.startsWith(`${model}.`) === true
  if (name !== undefined) return (operation) => operation === name
  return (_operation, tag) => tag === wanted
}
