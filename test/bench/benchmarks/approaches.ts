import type { Benchmark } from '../benchmark.ts'
import { runFresh, withSources } from '../fresh/run-fresh.ts'

/** Compares the cost of judging one statement with the approaches of other tools. */
export const approaches: Benchmark = {
  name: 'approaches',
  async run({ tree, quick, progress }) {
    progress('approaches')
    const figures = await runFresh<Record<string, Record<string, number>>>(
      tree,
      withSources,
      'approaches.ts',
      quick ? '200' : '2000',
    )
    return Object.entries(figures).flatMap(([text, byApproach]) =>
      Object.entries(byApproach).map(([approach, value]) => ({ what: `${text}: ${approach}`, value, unit: 'µs' })),
    )
  },
}
