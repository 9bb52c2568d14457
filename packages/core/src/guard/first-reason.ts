import { effectsIn, type Analysis } from '../analyze/analysis.ts'
import type { PoolsafeError } from '../errors.ts'
import { UnsafeStatementError } from './unsafe-statement-error.ts'

/**
 * For adapters: returns the error for a refused statement. A statement that undoes a refused one on the same connection
 * is refused too, mostly in a `finally` block, where its error would hide the first.
 *
 * @param before the last error on the connection in its current checkout
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
