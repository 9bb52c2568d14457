import { closest } from '@poolsafe/core/internal'
import { UsageError } from './usage-error.ts'

/**
 * Returns the error for a name that does not exist: with what was probably meant, and all that exist.
 *
 * @param option the option, variable or command that has the name
 * @param kind what it names, such as `rule`
 */
export function unknownName(option: string, kind: string, given: string, known: readonly string[]): UsageError {
  const meant = closest(given, known)
  const hint = meant === undefined ? '.' : `; did you mean '${meant}'?`
  return new UsageError(`${option}: there is no ${kind} '${given}'${hint} Known ${kind}s: ${known.join(', ')}`)
}
