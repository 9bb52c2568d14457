import type { Failure } from '../failure.ts'
import { refusals } from '../poolers/refusals/all.ts'
import { isSqlState } from '../sql-state.ts'
import { byCode, byMessage, unreadableFile, withinAuthorization } from './failure-table.ts'

interface ErrorLike {
  readonly code?: unknown
  readonly message?: unknown
  /** The system call that failed. */
  readonly syscall?: unknown
  readonly cause?: unknown
  /** Node tries all addresses of a name, and reports on all of them. */
  readonly errors?: readonly unknown[]
  /** The server's SQLSTATE inside the error of a Prisma driver adapter. */
  readonly originalCode?: unknown
  readonly originalMessage?: unknown
  readonly meta?: { readonly driverAdapterError?: unknown }
}

/**
 * Explains a driver error that concerns the connection and not a statement. Also looks into errors that layers above
 * have wrapped.
 *
 * @returns `undefined` for every other error
 */
export function classifyFailure(error: unknown): Failure | undefined {
  const seen = new Set<unknown>()
  for (let next = error; typeof next === 'object' && next !== null && !seen.has(next);) {
    const found = classifyOne(next)
    if (found !== undefined) return found
    seen.add(next)
    const { cause, errors, meta } = next as ErrorLike
    next = cause ?? errors?.[0] ?? meta?.driverAdapterError
  }
  return undefined
}

function classifyOne({
  code,
  originalCode = code,
  message,
  originalMessage = message,
  syscall,
}: ErrorLike): Failure | undefined {
  if (isOfFile(originalCode, syscall)) return unreadableFile
  const text = typeof originalMessage === 'string' ? originalMessage : ''
  return (
    refusalOf(originalCode, text) ?? byCodeOf(originalCode, text) ?? byMessage.find(([says]) => says.test(text))?.[1]
  )
}

/** A Unix socket without a server gives ENOENT as well. */
function isOfFile(code: unknown, syscall: unknown): boolean {
  return (
    code === 'EISDIR' ||
    (syscall === 'open' && (code === 'ENOENT' || code === 'EACCES' || code === 'EPERM' || code === 'ENOTDIR'))
  )
}

/** A pooler may use codes that mean something else in PostgreSQL, but its messages are unique. */
function refusalOf(code: unknown, text: string): Failure | undefined {
  if (code !== undefined && !isSqlState(code)) return undefined
  const refusal = refusals.find(({ says, codes }) => (code === undefined || codes.test(code)) && says.test(text))
  if (refusal === undefined) return undefined
  const { says: _, codes: __, ...failure } = refusal
  return failure
}

function byCodeOf(code: unknown, text: string): Failure | undefined {
  if (typeof code !== 'string' || !Object.hasOwn(byCode, code)) return undefined
  const worded = code === '28000' ? withinAuthorization.find(([says]) => says.test(text))?.[1] : undefined
  return worded ?? byCode[code]
}
