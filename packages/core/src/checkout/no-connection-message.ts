import { adviceFor, type Holder, type LikelyCause, type PoolState } from './pool-state.ts'
import type { Failure } from '../failure.ts'

/** The call that got no connection. */
export interface NoConnection {
  readonly operation: string | undefined
  readonly callSite: string | undefined
  readonly likelyCause: LikelyCause
  /** The error of the pool's last attempt to connect, if that failed. */
  readonly error: Error | undefined
  readonly failure: Failure | undefined
  /** How long this process was busy or suspended while the call waited. */
  readonly busyMillis: number
}

/** How long a call may wait, and whether the call set that limit itself, as Prisma's transactions do with `maxWait`. */
export interface WaitLimit {
  readonly millis: number
  readonly isOfCaller: boolean
  /** The pool's own message, if the limit is its own. */
  readonly words?: string | undefined
}

/**
 * Returns `waited 5003 ms for a connection (size 10/10, idle 0, waiting 37); held longest: OrderService.pay 12.4 s`,
 * followed by the likely cause.
 */
export function describeTimeout(waitedMillis: number, limit: WaitLimit, call: NoConnection, pool: PoolState): string {
  const key = `${Math.round(waitedMillis)} ${limit.millis} ${String(limit.isOfCaller)}`
  return `${sharedText(pool, key, () => firstRows(waitedMillis, limit, pool))}\n${rows(call, pool)}`
}

function firstRows(waitedMillis: number, limit: WaitLimit, pool: PoolState): string {
  const longest = pool.holders.slice(0, 3).map(nameHolder)
  const held = longest.length === 0 ? '' : `; held longest: ${longest.join(', ')}`
  // Applications search for this word of pg-pool's own error.
  const timeout = row(
    'timeout',
    `${limit.isOfCaller ? 'the limit of the call itself' : 'acquireTimeoutMillis'} ${Math.round(limit.millis)} ms`,
  )
  return `waited ${Math.round(waitedMillis)} ms for a connection ${describePool(pool)}${held}\n${timeout}`
}

/** `(size 10/10, idle 0, waiting 37)` */
export function describePool({ max, size, idle, active, waiting }: PoolState): string {
  return Number.isFinite(max)
    ? `(size ${size}/${max}, idle ${idle}, waiting ${waiting})`
    : `(held ${active}, waiting ${waiting})`
}

/** Returns the lines below the first. */
export function rows(call: NoConnection, pool: PoolState): string {
  const by = place(call)
  const busy =
    call.busyMillis > 0
      ? `${row('busy', `this process was busy or suspended for ${Math.round(call.busyMillis)} ms of that time`)}\n`
      : ''
  return (by === undefined ? '' : `${row('by', by)}\n`) + busy + sharedRows(call, pool)
}

/** When the server goes away, thousands of calls fail at the same moment, with nearly identical messages. */
const shared = new WeakMap<PoolState, Map<string, string>>()

function sharedRows(call: NoConnection, pool: PoolState): string {
  return sharedText(pool, `${call.likelyCause} ${call.error?.message ?? ''}`, () => makeRows(call, pool))
}

/** @param key distinguishes the texts about one state of a pool */
function sharedText(pool: PoolState, key: string, make: () => string): string {
  let texts = shared.get(pool)
  if (texts === undefined) shared.set(pool, (texts = new Map()))
  let text = texts.get(key)
  if (text === undefined) texts.set(key, (text = make()))
  return text
}

function makeRows(call: NoConnection, pool: PoolState): string {
  const { why, instead } = adviceFor(call.likelyCause, call.failure, pool)
  const list: [string, string][] = [
    ...pool.holders.map((holder): [string, string] => ['held', describeHolder(holder)]),
    ['likely', call.likelyCause],
    ['why', why],
    ['instead', instead],
    [
      'lines',
      hasUnnamed(pool) ? 'callSites: true among the options of the pool remembers the line of each checkout' : '',
    ],
    ['error', call.error === undefined ? '' : withoutCredentials(call.error.message)],
    ['docs', 'node_modules/@poolsafe/core/docs/checkout.md'],
  ]
  return list
    .filter(([, text]) => text !== '')
    .map(([label, text]) => row(label, text))
    .join('\n')
}

/**
 * A driver quotes what it parsed as the host or the socket. In a misread connection string, that may be the password.
 */
export function withoutCredentials(message: string): string {
  return message.replaceAll(/\S*@\S*/g, '…')
}

/** Returns one labelled line of a report. */
export function row(label: string, text: string): string {
  return `  ${label.padEnd(9)}  ${text}`
}

/** `12.4 s` */
export function seconds(millis: number): string {
  return millis < 1000 ? `${Math.round(millis)} ms` : `${(millis / 1000).toFixed(1)} s`
}

/** Returns `OrderService.pay at src/orders.ts:12:3`; `undefined` if neither is known. */
export function place({ operation, callSite }: Pick<Holder, 'operation' | 'callSite'>): string | undefined {
  const known = [operation, callSite].filter((part) => part !== undefined)
  return known.length === 0 ? undefined : known.join(' at ')
}

function nameHolder(holder: Holder): string {
  const who = holder.operation ?? holder.callSite
  return who === undefined ? seconds(holder.heldMillis) : `${who} ${seconds(holder.heldMillis)}`
}

/** `12.4 s by OrderService.pay at src/orders.ts:12:3, nothing runs` */
export function describeHolder(holder: Holder): string {
  return `${seconds(holder.heldMillis)} by ${place(holder) ?? 'a call whose line was not remembered'}${doing(holder)}`
}

function doing({ activity, unreadMillis }: Holder): string {
  return unreadMillis === undefined ? does[activity] : `, by a reader that has not read for ${seconds(unreadMillis)}`
}

const does: { readonly [Does in Holder['activity']]: string } = {
  running: ', a statement runs',
  unread: ', by a reader that does not read',
  idleInTransaction: ', idle in a transaction',
  idle: ', nothing runs',
  unknown: '',
}

function hasUnnamed({ holders }: PoolState): boolean {
  return holders.some(({ callSite }) => callSite === undefined)
}
