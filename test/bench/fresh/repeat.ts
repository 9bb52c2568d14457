import { judge, judgeChange, type BenchmarkOptions, type Budget, type Measure } from '../benchmark.ts'
import { estimateMedian, median } from '../statistics.ts'

/** One figure of a process, as a row of the report. */
export interface Row<Figure extends string> {
  readonly figure: Figure
  readonly what: string
  readonly unit: string
  readonly budget?: Budget
  /** The figure is this many units. @default 1 */
  readonly scale?: number
  /** A change up to this size counts as none. In the unit of the row. @default 5 % of the figure before */
  readonly margin?: number
}

interface Repeats {
  /** Processes to start before a row can be decided. */
  readonly least: number
  /** Processes after which a row stays undecided. */
  readonly most: number
}

/** Figures of one process of this commit, and of one of the older commit right before or after it. */
interface Sample {
  readonly now: Readonly<Record<string, number>>
  readonly before: Readonly<Record<string, number>> | undefined
}

const defaults: Repeats = { least: 9, most: 60 }

/**
 * Measures in one process after the other until every row is decided. The figure of a row is the median, since a busy
 * machine makes some processes far too slow.
 *
 * @param run runs one process with the packages of this tree
 */
export async function repeatFresh<Figure extends string>(
  run: (tree: string) => Promise<Readonly<Record<Figure, number>>>,
  rows: readonly Row<Figure>[],
  options: BenchmarkOptions,
  { least, most }: Repeats = defaults,
): Promise<Measure[]> {
  const { tree, before, quick } = options
  const samples: Sample[] = []
  for (let count = 0; count < (quick ? least : most); count++) {
    if (count >= least && rows.every((row) => isDecided(toMeasure(row, samples)))) break
    options.progress(`${rows[0]?.what}, process ${count + 1}`)
    const isForward = count % 2 === 0
    const early = before === undefined || isForward ? undefined : await run(before)
    const now = await run(tree)
    samples.push({ now, before: before === undefined ? undefined : (early ?? (await run(before))) })
  }
  return rows.map((row) => toMeasure(row, samples))
}

function toMeasure(row: Row<string>, samples: readonly Sample[]): Measure {
  const { figure, what, unit, budget, scale = 1 } = row
  const estimate = estimateMedian(samples.map(({ now }) => now[figure]! * scale))
  const changes = samples.flatMap(({ now, before }) =>
    before === undefined ? [] : (now[figure]! - before[figure]!) * scale,
  )
  const measure = { what, value: estimate.value, unit, estimate, ...(budget !== undefined && { budget }) }
  if (changes.length === 0) return measure
  const before = median(samples.map((sample) => sample.before![figure]! * scale))
  const margin = row.margin ?? Math.abs(before) * 0.05
  return { ...measure, against: { before, change: estimateMedian(changes), margin } }
}

function isDecided({ estimate, budget, against }: Measure): boolean {
  if (against !== undefined) return judgeChange(against).is !== 'undecided'
  return estimate === undefined || budget === undefined || judge(estimate, budget).is !== 'undecided'
}
