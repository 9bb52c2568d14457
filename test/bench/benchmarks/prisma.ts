import { atMost, type Benchmark, type Measure } from '../benchmark.ts'
import { compare, type Compared } from '../compare/compare.ts'
import { setup } from '../../setup/generate.ts'

const budgetText = 'Prisma: ≤ +0.5 µs an operation at the adapter'

/** The empty one shows what Prisma itself takes for an extension. */
const extended = ['guarded and empty extension', 'guarded and extension'] as const
const adapters = ['unobserved', 'guarded'] as const

/** Operations on a stub adapter: guarded there, and with the extension on top. */
export const prisma: Benchmark = {
  name: 'prisma',
  async run(options) {
    options.progress('prisma: generating the client')
    await setup()
    const alone = 'adapter alone'
    const measures = adapterMeasures(alone, await compare({ contender: 'prisma', operation: alone }, adapters, options))
    for (const operation of ['findUnique', '$queryRaw']) {
      const compared = await compare({ contender: 'prisma', operation }, [...adapters, ...extended], options)
      measures.push(...adapterMeasures(operation, compared))
      for (const variant of extended) {
        const { addedCpuMicros: value, cpuNoiseMicros: noise } = compared[variant]
        measures.push({ what: `${operation}: added by an adapter ${variant}`, value, unit: 'µs', noise })
      }
    }
    return measures
  },
}

function adapterMeasures(
  operation: string,
  { base, unobserved, guarded }: Record<'base' | (typeof adapters)[number], Compared>,
): Measure[] {
  const noise = guarded.cpuNoiseMicros
  const budget = atMost(0.5, budgetText)
  return [
    { what: `${operation}: unguarded`, value: base.cpuMicrosPerOperation, unit: 'µs' },
    {
      what: `${operation}: added by guardAdapter with observe: false`,
      value: unobserved.addedCpuMicros,
      unit: 'µs',
      noise,
      budget,
    },
    { what: `${operation}: added by guardAdapter with defaults`, value: guarded.addedCpuMicros, unit: 'µs', noise },
  ]
}
