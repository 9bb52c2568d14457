import { startPostgres } from '@poolsafe/testing/servers'
import type { Benchmark, Measure } from '../benchmark.ts'
import { compare } from '../compare/compare.ts'
import { addedRow, baseRow, ratioRow } from '../rows.ts'

const operations = ['template', 'template with a fragment', 'unsafe', 'transaction'] as const

/** Queries of postgres.js on a real server. */
export const postgresJs: Benchmark = {
  name: 'postgres-js',
  async run(options) {
    const server = await startPostgres()
    const measures: Measure[] = []
    try {
      for (const operation of operations) {
        const goals = [{ variant: 'unobserved' }, { variant: 'guarded' }] as const
        const scenario = { contender: 'postgres-js', operation, url: server.url }
        const { unobserved, guarded } = await compare(scenario, goals, options)
        const what = `postgres.js, ${operation}`
        measures.push(
          baseRow(what, unobserved),
          addedRow(`${what}: added with observe: false`, unobserved),
          addedRow(`${what}: added with defaults`, guarded),
          ratioRow(`${what}: throughput with defaults`, guarded),
        )
      }
    } finally {
      await server.stop()
    }
    return measures
  },
}
