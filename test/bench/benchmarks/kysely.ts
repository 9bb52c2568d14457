import { atLeast, atMost, type Benchmark, type Estimate, type Measure } from '../benchmark.ts'
import { compare } from '../compare/compare.ts'
import { addedRow, baseRow } from '../rows.ts'

const budgetText = 'Kysely: ≤ +0.4 µs a short query; at least 3× cheaper than kysely-opentelemetry without an SDK'
const peer = 'kysely-opentelemetry'

/** Compiles and executes queries on a stub driver. */
export const kysely: Benchmark = {
  name: 'kysely',
  async run(options) {
    const measures: Measure[] = []
    for (const operation of ['short select', 'precompiled', 'raw sql', 'join of three tables']) {
      const budget = operation === 'short select' ? atMost(0.4, budgetText) : undefined
      const limited = budget === undefined ? {} : { added: budget }
      const goals = [
        { variant: 'unobserved', ...limited },
        { variant: 'guarded', ...limited },
        { variant: 'least guard' },
        ...(options.before === undefined ? [{ variant: peer } as const] : []),
      ] as const
      const compared = await compare({ contender: 'kysely', operation }, goals, options)
      measures.push(
        baseRow(operation, compared.unobserved),
        addedRow(`${operation}: added with observe: false`, compared.unobserved, budget),
        addedRow(`${operation}: added with defaults`, compared.guarded, budget),
        addedRow(`${operation}: added by the least guard (the floor)`, compared['least guard']),
      )
      if (options.before === undefined) measures.push(...peerRows(operation, compared))
    }
    return measures
  },
}

function peerRows(operation: string, compared: Readonly<Record<string, { added: Estimate }>>): Measure[] {
  const [theirs, ours] = [compared[peer]!.added, compared['unobserved']!.added]
  const estimate = ratioOf(theirs, ours)
  return [
    { what: `${operation}: added by ${peer}`, value: theirs.value, unit: 'µs', estimate: theirs },
    {
      what: `${operation}: ${peer} adds, of what observe: false adds`,
      value: estimate.value,
      unit: '×',
      estimate,
      budget: atLeast(3, budgetText),
    },
  ]
}

/** With the widest interval that both intervals allow. */
function ratioOf(over: Estimate, under: Estimate): Estimate {
  const divide = (one: number, other: number): number => (other <= 0 ? Infinity : one / other)
  return {
    value: divide(over.value, under.value),
    low: divide(over.low, under.high),
    high: divide(over.high, under.low),
    count: Math.min(over.count, under.count),
  }
}
