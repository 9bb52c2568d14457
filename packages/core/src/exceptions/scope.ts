import { isThenable } from '../thenable.ts'
import { InvalidOptionError } from '../errors.ts'
import { formatCallSite, takeStack } from '../stack/call-site.ts'
import { processWide } from '../guard/strict.ts'
import type { Declared, DeclaredExceptions } from './declared.ts'
import { checkReason, checkRuleIds, type RuleIds } from './exception.ts'

/** Frames looked at for the line that calls `allow`: it is the first, or a few above it. */
const framesToCaller = 10

/** One run of `allow(…)`. */
export interface Scope {
  readonly declared: Declared
  /** The only guard that it concerns; `undefined` for every guard of the process. */
  readonly guard: object | undefined
  readonly outer: Scope | undefined
  /** Sockets, timers and listeners keep the context in which they were made: after the end it means nothing. */
  isOver: boolean
}

/** What `allow` was called with, and on what. */
interface Opening {
  readonly rule: RuleIds
  readonly reason: string
  readonly fn: () => unknown
  readonly guard: object | undefined
  readonly remembered: DeclaredExceptions
  /** The function that the application called: its frame, and those below, are left out. */
  readonly entry: (...args: never[]) => unknown
}

/**
 * Allows the findings of a rule, or of several, while `fn` runs, for every guard of the process. What a statement
 * inside leaves behind stays allowed when its transaction commits later, outside. Scopes nest: an inner one adds to the
 * outer. For one guard alone there is `guard.allow`.
 *
 * @param reason why it is safe here; told to whoever listens to the event `allowed`
 * @returns what `fn` returns; a promise, or a query that starts when it is awaited, is awaited inside the scope
 * @throws InvalidOptionError for what is no rule, an empty reason, and what is no function
 */
export function allow<Result>(rule: RuleIds, reason: string, fn: () => PromiseLike<Result>): Promise<Result>
export function allow<Result>(rule: RuleIds, reason: string, fn: () => Result): Result
export function allow(rule: RuleIds, reason: string, fn: () => unknown): unknown {
  return runScope({ rule, reason, fn, guard: undefined, remembered: processWide.declared, entry: allow })
}

/** @throws InvalidOptionError */
export function runScope({ rule, reason, fn, guard, remembered, entry }: Opening): unknown {
  const rules = checkRuleIds('allow(): rule', rule)
  const said = checkReason('allow(): reason', reason)
  if (typeof fn !== 'function') throw new InvalidOptionError('allow(): fn', fn, 'a function, which runs the statements')
  const where = formatCallSite(takeStack(entry, framesToCaller)) ?? 'an unknown place'
  const declared = remembered.declare({ by: 'scope', rules, reason: said, where })
  processWide.strict?.onDeclared?.(declared.exception)
  return run({ declared, guard, outer: processWide.scopes.getStore(), isOver: false }, fn)
}

function run(scope: Scope, fn: () => unknown): unknown {
  const { scopes } = processWide
  let result: unknown
  try {
    result = scopes.run(scope, fn)
  } catch (error) {
    end(scope)
    throw error
  }
  if (isThenable(result)) return scopes.run(scope, awaitInside, scope, result)
  end(scope)
  return result
}

/** Prisma's promises, and the queries of other libraries, start when they are awaited: so that must be done inside. */
async function awaitInside(scope: Scope, result: PromiseLike<unknown>): Promise<unknown> {
  try {
    return await result
  } finally {
    end(scope)
  }
}

function end(scope: Scope): void {
  scope.isOver = true
  scope.declared.hasRun = true
}

/** The scopes that the caller is in, the innermost first. */
export function openScopes(): Scope[] {
  const open: Scope[] = []
  for (let scope = processWide.scopes.getStore(); scope !== undefined; scope = scope.outer) {
    if (!scope.isOver) open.push(scope)
  }
  return open
}

/**
 * For adapters: a callback that a pool calls when somebody else gives a connection back, in the scopes of the one who
 * asked for it, not of the one who gave it back.
 */
export function inScopeOfCaller<Args extends unknown[], Result>(
  callback: (...args: Args) => Result,
): (...args: Args) => Result {
  const scope = processWide.scopes.getStore()
  return (...args) => processWide.scopes.run(scope, callback, ...args)
}
