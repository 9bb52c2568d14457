import type { Failure } from '../failure.ts'
import { refusals } from '../poolers/refusals/all.ts'
import { isSqlState } from '../sql-state.ts'
import { byCode, byMessage, noIpv6, unreadableFile, withinAuthorization } from './failure-table.ts'
import { tlsFailureOf, withinProtocol } from './tls-failures.ts'

/** Codes with several meanings. The message decides between them. */
const within: { readonly [code: string]: readonly (readonly [RegExp, Failure])[] | undefined } = {
  '28000': withinAuthorization,
  EPROTO: withinProtocol,
}

interface ErrorLike {
  readonly code?: unknown
  readonly message?: unknown
  /** The system call that failed. */
  readonly syscall?: unknown
  /** The address that the socket was to reach. */
  readonly address?: unknown
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
    const decisive = decisiveOf(next)
    const found = classifyOne(decisive) ?? classifyOne(next)
    if (found !== undefined) return found
    seen.add(next)
    next = innerOf(decisive) ?? innerOf(next)
  }
  return undefined
}

function innerOf({ cause, meta }: ErrorLike): unknown {
  return cause ?? meta?.driverAdapterError
}

/**
 * Returns the decisive one of the errors of all addresses of a name: an answer, if there is one. `localhost` and many
 * hosts have an IPv6 address that leads nowhere, which says nothing of the other addresses.
 */
function decisiveOf(error: ErrorLike): ErrorLike {
  const { errors } = error
  if (!Array.isArray(errors)) return error
  const all = errors.filter((one: unknown): one is ErrorLike => typeof one === 'object' && one !== null)
  return all.find(isAnswer) ?? all.find(({ address }) => !isIpv6(address)) ?? all.find(isWithoutIpv6) ?? all[0] ?? error
}

function isAnswer({ code }: ErrorLike): boolean {
  return code !== 'ETIMEDOUT' && !isWayless(code)
}

function isWayless(code: unknown): boolean {
  return code === 'ENETUNREACH' || code === 'EHOSTUNREACH' || code === 'EADDRNOTAVAIL'
}

function isIpv6(address: unknown): boolean {
  return typeof address === 'string' && address.includes(':')
}

function isWithoutIpv6({ code, address }: ErrorLike): boolean {
  return isWayless(code) && isIpv6(address)
}

function classifyOne(error: ErrorLike): Failure | undefined {
  return isWithoutIpv6(error) ? noIpv6 : classifyByWords(error)
}

function classifyByWords({
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
  if (typeof code !== 'string') return undefined
  if (!Object.hasOwn(byCode, code)) return tlsFailureOf(code)
  const worded = within[code]?.find(([says]) => says.test(text))?.[1]
  return worded ?? byCode[code]
}
