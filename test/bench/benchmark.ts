/** The goal for a figure, from `design.md`. */
export interface Budget {
  /** In the unit of the figure. */
  readonly limit: number
  /** `most` if the figure must stay below the limit, `least` if above it. */
  readonly bound: 'most' | 'least'
  /** The row in the table of budgets. */
  readonly text: string
}

/** A figure with its confidence interval (99 %). */
export interface Estimate {
  readonly value: number
  readonly low: number
  readonly high: number
  /** How many blocks or processes it comes from. */
  readonly count: number
}

/** The same figure of an older commit, measured in the same run. */
export interface Change {
  readonly before: number
  /** The figure now minus the figure before. */
  readonly change: Estimate
  /** A change up to this size counts as none. In the unit of the figure. */
  readonly margin: number
}

/** One row of the report. */
export interface Measure {
  readonly what: string
  readonly value: number
  readonly unit: string
  readonly budget?: Budget
  /** Present if the figure was measured several times. */
  readonly estimate?: Estimate
  /** Present if the run compares with an older commit. */
  readonly against?: Change
}

/** How to measure. */
export interface BenchmarkOptions {
  /** Stop early: a first impression instead of a decision. */
  readonly quick: boolean
  /** Run each client in its own process, also where two fit in one. */
  readonly separate: boolean
  /** The repository to measure. */
  readonly tree: string
  /** A checkout of an older commit to compare with. */
  readonly before?: string
  /** Reports what is being measured. */
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

/** `more`: how many more blocks or processes would probably decide. */
export type Verdict = { readonly is: 'holds' | 'missed' } | { readonly is: 'undecided'; readonly more: number }

/** Compares an estimate with a budget. The budget holds only if the whole interval is on its side of the limit. */
export function judge({ value, low, high, count }: Estimate, { limit, bound }: Budget): Verdict {
  const [isWithin, isBeyond] = bound === 'most' ? [high <= limit, low > limit] : [low >= limit, high < limit]
  if (isWithin) return { is: 'holds' }
  if (isBeyond) return { is: 'missed' }
  // An interval shrinks with the square root of the count.
  const distance = Math.abs(value - limit)
  const reach = value <= limit ? high - value : value - low
  return { is: 'undecided', more: Math.max(1, Math.ceil(count * ((reach / distance) ** 2 - 1))) }
}

/** Returns true if a figure got worse. A change within the margin is none. */
export function judgeChange({ change, margin }: Change, better: 'less' | 'more' = 'less'): Verdict {
  return judge(change, better === 'less' ? atMost(margin, '') : atLeast(-margin, ''))
}

/** An estimate of a figure that was measured once, or that does not vary. */
export function exact(value: number): Estimate {
  return { value, low: value, high: value, count: 1 }
}
