import { isSqlState } from '../sql-state.ts'

/**
 * The SQLSTATE of a server's error, wherever the layers above the driver keep it: in `code`, in a `cause`, or, with
 * Prisma, in `meta` (`P2010` has it in `meta.code` or in the cause of `meta.driverAdapterError`).
 */
export function serverCodeOf(error: unknown): string | undefined {
  const seen = new Set<unknown>()
  const left: unknown[] = [error]
  while (left.length > 0) {
    const next = left.pop()
    if (typeof next !== 'object' || next === null || seen.has(next)) continue
    seen.add(next)
    const { code, originalCode, cause, meta, driverAdapterError } = next as Wrapped
    if (isServerCode(originalCode)) return originalCode
    if (isServerCode(code)) return code
    left.push(cause, meta, driverAdapterError)
  }
  return undefined
}

interface Wrapped {
  readonly code?: unknown
  readonly originalCode?: unknown
  readonly cause?: unknown
  readonly meta?: unknown
  readonly driverAdapterError?: unknown
}

/** Prisma's own codes look like SQLSTATEs of class P2, P1 …, which PostgreSQL does not have: its only one is P0. */
function isServerCode(code: unknown): code is string {
  return isSqlState(code) && !/^P[1-9]/.test(code)
}
