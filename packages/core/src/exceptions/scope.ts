import { AsyncLocalStorage } from 'node:async_hooks'
import { InvalidOptionError } from '../errors.ts'
import { shared } from '../shared.ts'
import { formatCallSite, takeStack, type Entry } from '../stack/call-site.ts'
import { awaitInside, isThenable } from '../thenable.ts'
import type { Declared, DeclaredExceptions } from './declared.ts'
import { checkReason, checkRuleIds, type KnownException, type RuleIds } from './exception.ts'

/** Frames searched for the call site of `allow`, which is the first frame or a few frames above it. */
const framesToCaller = 10

/** One run of `allow(…)`. */
export interface Scope {
  readonly declared: Declared
  /** The only guard that the scope applies to; `undefined` for every guard of the process. */
  readonly guard: object | undefined
  readonly outer: Scope | undefined
  /** Sockets, timers and listeners keep the async context that they were created in, so a scope can outlive its run. */
  isOver: boolean
}

/** The arguments of `allow`, and what it applies to. */
interface Opening {
  readonly rule: RuleIds
  readonly reason: string
  readonly fn: () => unknown
  /** `undefined` for every guard of the process. */
  readonly guard: object | undefined
  /** Remembers the exception, so that one that allows nothing can be reported. */
  readonly remembered: DeclaredExceptions
  /** Called with the exception before `fn` runs. */
  readonly onDeclared: (exception: KnownException) => void
  /** The function that the application called. Its frame, and the frames below it, are left out of the call site. */
  readonly entry: Entry
}

/**
 * The scope of `allow(…)` that each async context is in. Process-wide because `allow` may be imported from another copy
 * of this package than the guard that looks for exceptions.
 */
const scopes: AsyncLocalStorage<Scope | undefined> = shared(
  'exception-scopes',
  () => new AsyncLocalStorage<Scope | undefined>(),
)

/**
 * Runs `fn` in a scope that allows the findings of some rules.
 *
 * @throws InvalidOptionError for an unknown rule, an empty reason, or an `fn` that is not a function
 */
export function runScope({ rule, reason, fn, guard, remembered, onDeclared, entry }: Opening): unknown {
  const rules = checkRuleIds('allow(): rule', rule)
  const said = checkReason('allow(): reason', reason)
  if (typeof fn !== 'function') throw new InvalidOptionError('allow(): fn', fn, 'a function, which runs the statements')
  const where = formatCallSite(takeStack(entry, framesToCaller)) ?? 'an unknown place'
  const declared = remembered.declare({ by: 'scope', rules, reason: said, where })
  onDeclared(declared.exception)
  return run({ declared, guard, outer: scopes.getStore(), isOver: false }, fn)
}

function run(scope: Scope, fn: () => unknown): unknown {
  let result: unknown
  try {
    result = scopes.run(scope, fn)
  } catch (error) {
    end(scope)
    throw error
  }
  if (isThenable(result)) return scopes.run(scope, awaitInside, result, () => end(scope))
  end(scope)
  return result
}

function end(scope: Scope): void {
  scope.isOver = true
  scope.declared.hasRun = true
}

/** Returns the scopes that the caller is in, the innermost first. */
export function openScopes(): Scope[] {
  const open: Scope[] = []
  for (let scope = scopes.getStore(); scope !== undefined; scope = scope.outer) {
    if (!scope.isOver) open.push(scope)
  }
  return open
}

/**
 * For adapters: wraps a callback so that it runs in the scopes of the present caller. A pool calls it when another
 * caller releases a connection, which happens in the scopes of that other caller.
 */
export function inScopeOfCaller<Args extends unknown[], Result>(
  callback: (...args: Args) => Result,
): (...args: Args) => Result {
  const scope = scopes.getStore()
  return (...args) => scopes.run(scope, callback, ...args)
}

/**
 * For adapters: remembers the scopes of the present caller. The returned function enters them for the rest of the async
 * function that calls it.
 */
export function rememberScope(): () => void {
  const scope = scopes.getStore()
  return () => scopes.enterWith(scope)
}
