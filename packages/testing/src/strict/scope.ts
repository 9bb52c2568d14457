import { shared } from '@poolsafe/core/internal'
import { AsyncLocalStorage } from 'node:async_hooks'
import type { FindingEvent, PoolsafeError, RepairedEvent, RuleId } from '@poolsafe/core'

/** A finding, and the reason why it counts for this test if that is not obvious. */
export interface Found {
  readonly event: FindingEvent
  /** The test of the statement's async context, if that test had already ended. */
  readonly startedBy?: string | undefined
}

/** An exception for one rule within a scope. */
export interface Allowance {
  readonly rule: RuleId
  readonly reason: string
  /** The stack of its call, without a message. */
  readonly stack: string
  isUsed: boolean
}

/** A part of a test run to which statements belong: a file, a test, or the function of a matcher. */
export interface Scope {
  readonly name: string
  readonly parent: Scope | undefined
  readonly found: Found[]
  /** Errors that do not concern a statement: a comment that allows nothing, an unguarded client. */
  readonly complaints: PoolsafeError[]
  readonly allowances: Allowance[]
  /** Statements that were repaired. They are reported, and fail no test. */
  readonly repaired: RepairedEvent[]
}

interface Scopes {
  readonly storage: AsyncLocalStorage<Scope>
  /** The open scopes. */
  readonly open: Set<Scope>
}

/**
 * Process-wide because Vitest loads a setup file and its neighbours in two ways, which gives each a copy of this file.
 */
const scopes: Scopes = shared('testing.scopes', () => ({ storage: new AsyncLocalStorage(), open: new Set() }))

/** @param parent the surrounding scope; a file has none */
export function openScope(name: string, parent: Scope | undefined): Scope {
  const scope: Scope = { name, parent, found: [], complaints: [], allowances: [], repaired: [] }
  scopes.open.add(scope)
  return scope
}

/** Runs `act` in a scope. Everything that it starts belongs to the scope, even if other tests run concurrently. */
export function runIn<Result>(scope: Scope, act: () => Result): Result {
  return scopes.storage.run(scope, act)
}

/** Closes the scope. Later findings of its async context count for the test that runs then. */
export function closeScope(scope: Scope): void {
  scopes.open.delete(scope)
}

/**
 * Closes all scopes of earlier files: with `isolate: false` one process runs many files, and a file may abort anywhere.
 */
export function closeAllScopes(): void {
  scopes.open.clear()
}

/**
 * Records a finding in the scope that sent its statement. Without a scope it is only reported as an error.
 */
export function hold(event: FindingEvent): void {
  const scope = currentScope()
  const own = scopes.storage.getStore()
  const isForeign = own !== undefined && !scopes.open.has(own)
  scope?.found.push({ event, startedBy: isForeign ? own.name : undefined })
}

/** Records a repair in the scope that sent its statement. */
export function holdRepair(event: RepairedEvent): void {
  currentScope()?.repaired.push(event)
}

/** Records an error without a finding in the scope in which it was thrown. */
export function holdComplaint(error: PoolsafeError): void {
  currentScope()?.complaints.push(error)
}

/** Returns true if the current scope or a surrounding one has an exception for the rule, which then counts as used. */
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
 * Returns the open scope of the async context. Sometimes there is none: `pg` calls back in the context that opened the
 * connection, perhaps of an earlier test or of the file, and Prisma 6 loses the context. Then it is the only running
 * test, or the file if several tests run.
 */
export function currentScope(): Scope | undefined {
  const own = scopes.storage.getStore()
  if (own?.parent !== undefined && scopes.open.has(own)) return own
  const open = [...scopes.open]
  const innermost = open.filter((scope) => open.every(({ parent }) => parent !== scope))
  return innermost.length === 1 ? innermost[0] : open.find(({ parent }) => parent === undefined)
}

/** Runs `act` without a scope; its reports count for the running test. */
export function outsideScopes(act: () => void): void {
  scopes.storage.exit(act)
}
