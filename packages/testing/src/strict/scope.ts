import { shared } from '@poolsafe/core/adapter'
import { AsyncLocalStorage } from 'node:async_hooks'
import type { FindingEvent, PoolsafeError, RuleId } from '@poolsafe/core'

/** What was found, and where it does not go without saying, why it is held against this test. */
export interface Found {
  readonly event: FindingEvent
  /** The test whose async context the statement came from, where that test had ended already. */
  readonly startedBy?: string | undefined
}

/** An exception for one rule, for as long as its scope lasts. */
export interface Allowance {
  readonly rule: RuleId
  readonly reason: string
  /** Of the call that made it: lines of frames without a message. */
  readonly stack: string
  isUsed: boolean
}

/** A stretch of a test run that answers for the statements sent in it: a file, a test in it, or what a matcher runs. */
export interface Scope {
  readonly name: string
  readonly parent: Scope | undefined
  readonly found: Found[]
  /** What is wrong beside the statements: a comment that allows nothing, a client that nobody guards. */
  readonly complaints: PoolsafeError[]
  readonly allowances: Allowance[]
}

interface Scopes {
  readonly storage: AsyncLocalStorage<Scope>
  /** Those that have not been closed. */
  readonly open: Set<Scope>
}

/** Process-wide because Vitest loads a setup file and its neighbours in two ways, which gives each a copy of this file. */
const scopes: Scopes = shared('testing.scopes', () => ({ storage: new AsyncLocalStorage(), open: new Set() }))

/** @param parent the scope around it; a file has none */
export function openScope(name: string, parent: Scope | undefined): Scope {
  const scope: Scope = { name, parent, found: [], complaints: [], allowances: [] }
  scopes.open.add(scope)
  return scope
}

/** Runs `act` in a scope: what it starts belongs to the scope, whatever else runs at the same time. */
export function runIn<Result>(scope: Scope, act: () => Result): Result {
  return scopes.storage.run(scope, act)
}

/** From now on, what the scope's async context finds is held against whoever runs then. */
export function closeScope(scope: Scope): void {
  scopes.open.delete(scope)
}

/**
 * Closes every scope of a file before: with `isolate: false` one process runs many files, and a file may break off
 * anywhere.
 */
export function closeAllScopes(): void {
  scopes.open.clear()
}

/**
 * Holds a finding against the scope that sent its statement. Without any scope it is kept nowhere: its error is all
 * there is.
 */
export function hold(event: FindingEvent): void {
  const scope = currentScope()
  const own = scopes.storage.getStore()
  const isForeign = own !== undefined && !scopes.open.has(own)
  scope?.found.push({ event, startedBy: isForeign ? own.name : undefined })
}

/** Holds an error that concerns no finding against the scope in which it was thrown. */
export function holdComplaint(error: PoolsafeError): void {
  currentScope()?.complaints.push(error)
}

/** Whether the present scope, or one around it, has an exception for the rule; it then counts as used. */
export function isAllowed(rule: RuleId): boolean {
  for (let scope = currentScope(); scope !== undefined; scope = scope.parent) {
    const allowance = scope.allowances.find((candidate) => candidate.rule === rule)
    if (allowance === undefined) continue
    allowance.isUsed = true
    return true
  }
  return false
}

/**
 * The scope of the async context. There may be none that is open: `pg` calls back in the context in which its
 * connection was opened, which may be that of an earlier test or of the file, and Prisma 6 leaves it altogether. The
 * only test that runs is meant then; where several run, nobody can tell which, and it is the file.
 */
export function currentScope(): Scope | undefined {
  const own = scopes.storage.getStore()
  if (own?.parent !== undefined && scopes.open.has(own)) return own
  const open = [...scopes.open]
  const innermost = open.filter((scope) => open.every(({ parent }) => parent !== scope))
  return innermost.length === 1 ? innermost[0] : open.find(({ parent }) => parent === undefined)
}

/** Runs `act` in no scope: what it tells is held against whoever runs. */
export function outsideScopes(act: () => void): void {
  scopes.storage.exit(act)
}
