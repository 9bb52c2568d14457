import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take more than ten seconds on two cores, the longest first. */
const slowest = [
  'test/corpus/labels/labels.test.ts',
  'test/chaos/faults.test.ts',
  'test/proofs/proofs.test.ts',
  'test/field/advice-pool.test.ts',
  'examples/demo/src/main.test.ts',
  'test/integration/pg/statement-limits.test.ts',
  'test/chaos/model.test.ts',
  'test/integration/core/layers/prisma-6.test.ts',
  'test/field/advice-waiting.test.ts',
  'test/field/self-wait.test.ts',
  'test/orms/mikro-orm.test.ts',
  'test/orms/knex.test.ts',
  'test/orms/sequelize.test.ts',
  'test/orms/graphile-worker.test.ts',
  'test/integration/prisma-6/transparency.test.ts',
  'test/fuzz/session/session.test.ts',
  'test/integration/testing/hostile/agreement.test.ts',
  'test/integration/core/checkout/checkout.test.ts',
  'test/conformance/conformance.test.ts',
  'test/field/wire-limits.test.ts',
]

/** Starts the longest files first, so that no worker is left alone with one of them at the end. */
export class SlowestFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve(files.toSorted((one, other) => rank(one) - rank(other)))
  }
}

function rank({ moduleId }: TestSpecification): number {
  const index = slowest.findIndex((path) => moduleId.endsWith(path))
  return index === -1 ? slowest.length : index
}
