import { declaredForAll } from '../exceptions/declared.ts'
import type { RuleIds } from '../exceptions/exception.ts'
import { runScope } from '../exceptions/scope.ts'
import { declareInStrictMode } from './strict.ts'

/**
 * Allows the findings of one rule or several rules while `fn` runs, for every guard of the process. What a statement
 * inside leaves behind stays allowed when its transaction commits later, outside. Scopes nest: an inner scope adds to
 * the outer one. `guard.allow` does the same for one guard.
 *
 * @param reason why the finding is safe here; listeners of the event `allowed` receive it
 * @returns what `fn` returns; a promise, or a query that starts when it is awaited, is awaited inside the scope
 * @throws InvalidOptionError for an unknown rule, an empty reason, or an `fn` that is not a function
 */
export function allow<Result>(rule: RuleIds, reason: string, fn: () => PromiseLike<Result>): Promise<Result>
export function allow<Result>(rule: RuleIds, reason: string, fn: () => Result): Result
export function allow(rule: RuleIds, reason: string, fn: () => unknown): unknown {
  return runScope({
    rule,
    reason,
    fn,
    guard: undefined,
    remembered: declaredForAll,
    onDeclared: declareInStrictMode,
    entry: allow,
  })
}
