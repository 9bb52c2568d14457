import { setTimeout, clearTimeout } from '@poolsafe/core/internal'
import { activeQueryOf, textOf, type Query, type WiredClient } from './types.ts'
import type { Life, LivingClient } from './living-client.ts'

/** Matches one statement that leaves nothing on its connection, without a parser. */
const isPlain = /^\s*(?:select|insert|update|delete|merge|values|table|show|with)\b[^;]*;?\s*$/i

/** Returns the queries that the server has not answered: at the server, on their way, or queued in the client. */
function pendingQueries(client: LivingClient): readonly Query[] {
  const wired = client as LivingClient & WiredClient
  const active = activeQueryOf(wired)
  return [...(active === undefined ? [] : [active]), ...(wired._sentQueryQueue ?? []), ...queued(wired)]
}

/**
 * Returns true if the server has answered everything. A client that is handed out for the first time does not report
 * that yet.
 */
export function isQuiet(client: LivingClient): boolean {
  const wired = client as LivingClient & WiredClient
  return wired.readyForQuery !== false && queued(wired).length === 0 && !(wired._sentQueryQueue?.length ?? 0)
}

function queued(client: WiredClient): readonly Query[] {
  return ('_queryQueue' in client ? client._queryQueue : client.queryQueue) ?? []
}

/**
 * Returns true if the server last reported an open transaction, or if a pending statement may open or end one. A failed
 * statement is pending until the server reports its state: the application has the error before.
 */
export function mayLeaveTransaction(client: LivingClient, life: Life): boolean {
  const { failed } = life
  const pending = pendingQueries(client)
  return (
    isInTransaction(client, life) ||
    (failed === undefined ? pending : [failed, ...pending]).some(
      (query) => !isPlain.test(textOf(query)) || isForeign(client, query),
    )
  )
}

/** Returns true if pg reports the server's last status, and that is outside of a transaction. */
export function isOutsideTransaction(client: LivingClient): boolean {
  const { readyForQuery } = client as LivingClient & WiredClient
  return readyForQuery === true && client.getTransactionStatus?.() === 'I'
}

/** How long an unread cursor has to be closed after the release of its connection, in milliseconds. */
const cursorMillis = 2000

/** The functions that run after the answers to pending queries. */
interface Waiting {
  /** Called when the server is ready for the next query. */
  readonly ready: () => void
  readonly ended: () => void
  /** Called when a cursor has stayed open for 2 s. */
  readonly unread: () => void
}

/** Follows the answers to what is pending after a release. @returns stops it */
export function followPending(client: LivingClient, { ready, ended, unread }: Waiting): () => void {
  const { connection } = client
  connection?.on('readyForQuery', ready)
  connection?.on('end', ended)
  const waitsForReader = pendingQueries(client).some((query) => isForeign(client, query))
  const timer = waitsForReader ? setTimeout(unread, cursorMillis).unref() : undefined
  return () => {
    clearTimeout(timer)
    connection?.off('readyForQuery', ready)
    connection?.off('end', ended)
  }
}

/** Returns true if the server last reported an open or a failed transaction. */
export function isInTransaction(client: LivingClient, life: Life): boolean {
  const status = client.getTransactionStatus?.() ?? life.status
  return status === 'T' || status === 'E'
}

/**
 * Returns true for a query that is not of pg's own class, such as a cursor: it may wait for its reader instead of the
 * server.
 */
export function isForeign(client: object, query: Query): boolean {
  const { Query: OwnQuery } = client.constructor as { readonly Query?: new () => unknown }
  return OwnQuery !== undefined && !(query instanceof OwnQuery)
}
