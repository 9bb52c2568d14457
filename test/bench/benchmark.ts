/** What `design.md` sets as the goal for a figure. */
export interface Budget {
  /** In the unit of the figure. */
  readonly limit: number
  /** Whether the figure may be at most or has to be at least the limit. */
  readonly bound: 'most' | 'least'
  /** The line of the budgets' table. */
  readonly text: string
}

/** One figure. */
export interface Measure {
  readonly what: string
  readonly value: number
  readonly unit: string
  readonly budget?: Budget
  /** How far apart two unguarded runs are by the same sums, in the unit of the figure. */
  readonly noise?: number
}

/** How to measure. */
export interface BenchmarkOptions {
  /** Fewer and shorter rounds: a look, not a measurement. */
  readonly quick: boolean
  /** Tells what is being done. */
  progress(text: string): void
}

/** One subject of the measurement. */
export interface Benchmark {
  readonly name: string
  run(options: BenchmarkOptions): Promise<Measure[]>
}

export function atMost(limit: number, text: string): Budget {
  return { limit, bound: 'most', text }
}

export function atLeast(limit: number, text: string): Budget {
  return { limit, bound: 'least', text }
}

/** `unclear`: as near to the limit, on either side, as two unguarded runs are to each other. */
export type Verdict = 'holds' | 'missed' | 'unclear'

export function judge({ value, noise = 0 }: Measure, { limit, bound }: Budget): Verdict {
  const beyond = bound === 'most' ? value - limit : limit - value
  if (Math.abs(beyond) < noise) return 'unclear'
  return beyond <= 0 ? 'holds' : 'missed'
}
