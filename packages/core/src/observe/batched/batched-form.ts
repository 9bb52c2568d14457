import { type Repeated, batchedByKysely, batchedByPrisma } from './batched-orm.ts'
import { batchedSql } from './batched-sql.ts'

/**
 * Returns an example of one statement that does for many values what this statement does for one, in the terms of the
 * layer that created it.
 */
export function batchedForm(repeated: Repeated): string {
  const { layer, operation = '' } = repeated
  const example =
    layer === 'prisma' && operation.includes('.')
      ? batchedByPrisma(repeated)
      : layer === 'kysely'
        ? batchedByKysely(repeated)
        : undefined
  return `one statement for all of them: ${example ?? batchedSql(repeated.shape)}`
}
