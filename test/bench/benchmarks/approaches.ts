import type { Benchmark } from '../benchmark.ts'
import { runFresh, withSources } from '../fresh/run-fresh.ts'

/** What judging one statement costs, beside the ways that others go. */
export const approaches: Benchmark = {
  name: 'approaches',
  async run({ quick, progress }) {
    progress('approaches')
    const figures = await runFresh<Record<string, Record<string, number>>>(
      withSources,
      'approaches.ts',
      quick ? '200' : '2000',
    )
    return Object.entries(figures).flatMap(([text, byApproach]) =>
      Object.entries(byApproach).map(([approach, value]) => ({ what: `${text}: ${approach}`, value, unit: 'µs' })),
    )
  },
}
