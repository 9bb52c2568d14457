import { effectsIn, type Analysis } from '../analyze/analysis.ts'
import type { PoolsafeError } from '../errors.ts'
import { UnsafeStatementError } from './unsafe-statement-error.ts'

/**
 * For adapters: the error to reject a refused statement with. What takes back a thing that was refused on the same
 * connection is refused as well, mostly in a `finally` block, where its error would hide the reason.
 *
 * @param before what was refused last on the connection, in its present stay with the caller
 */
export function firstReason(
  before: PoolsafeError | undefined,
  error: PoolsafeError,
  analysis: Analysis,
): PoolsafeError {
  if (
    !(before instanceof UnsafeStatementError) ||
    !(error instanceof UnsafeStatementError) ||
    before.rule !== error.rule
  )
    return error
  const takesBack = effectsIn(analysis).some(
    ({ does, rule }) => (does === 'clears' || does === 'undoes') && rule === before.rule,
  )
  return takesBack ? before : error
}
