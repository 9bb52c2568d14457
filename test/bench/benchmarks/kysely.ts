import { atLeast, atMost, type Benchmark, type Measure } from '../benchmark.ts'
import { compare, type Compared } from '../compare/compare.ts'

const budgetText = 'Kysely: ≤ +0.4 µs a short query; at least 3× cheaper than kysely-opentelemetry without an SDK'

const variants = ['unobserved', 'guarded', 'kysely-opentelemetry'] as const

/** Compile and execute on a stub driver. */
export const kysely: Benchmark = {
  name: 'kysely',
  async run(options) {
    const measures: Measure[] = []
    for (const operation of ['short select', 'precompiled', 'raw sql', 'join of three tables']) {
      const compared = await compare({ contender: 'kysely', operation }, variants, options)
      measures.push(...measuresOf(operation, compared))
    }
    return measures
  },
}

function measuresOf(operation: string, compared: Record<'base' | (typeof variants)[number], Compared>): Measure[] {
  const { base, unobserved, guarded, 'kysely-opentelemetry': peer } = compared
  const noise = guarded.cpuNoiseMicros
  const short = operation === 'short select' ? { budget: atMost(0.4, budgetText) } : {}
  return [
    { what: `${operation}: unguarded`, value: base.cpuMicrosPerOperation, unit: 'µs' },
    { what: `${operation}: added with observe: false`, value: unobserved.addedCpuMicros, unit: 'µs', noise, ...short },
    { what: `${operation}: added with defaults`, value: guarded.addedCpuMicros, unit: 'µs', noise },
    { what: `${operation}: added by kysely-opentelemetry`, value: peer.addedCpuMicros, unit: 'µs', noise },
    {
      what: `${operation}: kysely-opentelemetry adds, of what the guard adds with observe: false`,
      value: peer.addedCpuMicros / unobserved.addedCpuMicros,
      unit: '×',
      budget: atLeast(3, budgetText),
    },
  ]
}
