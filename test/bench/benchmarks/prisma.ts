import { atMost, type Benchmark, type Measure } from '../benchmark.ts'
import { compare, type Compared } from '../compare/compare.ts'
import { setup } from '../../setup/generate.ts'

const budgetText = 'Prisma: ≤ +0.5 µs an operation at the adapter'

/** The empty one shows what Prisma itself takes for an extension. */
const extended = ['adapter and empty extension', 'adapter and extension'] as const

/** Operations on a stub adapter: guarded there, and with the extension on top. */
export const prisma: Benchmark = {
  name: 'prisma',
  async run(options) {
    options.progress('prisma: generating the client')
    await setup()
    const measures = adapterMeasures(
      'adapter alone',
      await compare({ contender: 'prisma', operation: 'adapter alone' }, ['adapter'], options),
    )
    for (const operation of ['findUnique', '$queryRaw']) {
      const compared = await compare({ contender: 'prisma', operation }, ['adapter', ...extended], options)
      measures.push(...adapterMeasures(operation, compared))
      for (const variant of extended) {
        const { addedCpuMicros: value, cpuNoiseMicros: noise } = compared[variant]
        measures.push({ what: `${operation}: added by guarded ${variant}`, value, unit: 'µs', noise })
      }
    }
    return measures
  },
}

function adapterMeasures(operation: string, { base, adapter }: Record<'base' | 'adapter', Compared>): Measure[] {
  const { addedCpuMicros: value, cpuNoiseMicros: noise } = adapter
  return [
    { what: `${operation}: unguarded`, value: base.cpuMicrosPerOperation, unit: 'µs' },
    { what: `${operation}: added by guardAdapter`, value, unit: 'µs', noise, budget: atMost(0.5, budgetText) },
  ]
}
