import { setup } from '../../setup/generate.ts'
import { atMost, type Benchmark, type Measure } from '../benchmark.ts'
import { compare } from '../compare/compare.ts'
import { addedRow, baseRow } from '../rows.ts'

const budget = atMost(0.5, 'Prisma: ≤ +0.5 µs an operation at the adapter')

const adapters = [
  { variant: 'unobserved', added: budget },
  { variant: 'guarded', added: budget },
] as const

/** Prisma itself takes time for any extension, so ours is compared with an empty one. */
const extension = { variant: 'guarded and extension', base: 'guarded and empty extension' } as const

/** Operations on a stub adapter: guarded there, and with the extension on top. */
export const prisma: Benchmark = {
  name: 'prisma',
  async run(options) {
    options.progress('prisma: generating the client')
    await setup()
    const measures: Measure[] = []
    for (const operation of ['adapter alone', 'findUnique', '$queryRaw']) {
      const goals = operation === 'adapter alone' ? adapters : [...adapters, extension]
      const compared = await compare({ contender: 'prisma', operation }, goals, options)
      measures.push(
        baseRow(operation, compared.unobserved),
        addedRow(`${operation}: added by guardAdapter with observe: false`, compared.unobserved, budget),
        addedRow(`${operation}: added by guardAdapter with defaults`, compared.guarded, budget),
      )
      if (goals !== adapters)
        measures.push(addedRow(`${operation}: added by the extension, above an empty one`, compared[extension.variant]))
    }
    return measures
  },
}
