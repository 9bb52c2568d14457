import { activeQueryOf, textOf, type Query, type WiredClient } from './types.ts'
import type { Life, LivingClient } from './living-client.ts'

/** One statement that leaves nothing on its connection, in a form that needs no parser to see it. */
const isPlain = /^\s*(?:select|insert|update|delete|merge|values|table|show|with)\b[^;]*;?\s*$/i

/** The queries of a client that the server has not answered: at the server, on their way, and queued in the client. */
export function pendingQueries(client: LivingClient): readonly Query[] {
  const wired = client as LivingClient & WiredClient
  const active = activeQueryOf(wired)
  return [...(active === undefined ? [] : [active]), ...(wired._sentQueryQueue ?? []), ...queued(wired)]
}

/**
 * Returns true if the server has answered everything. A client that is being handed out for the first time does not say
 * yet.
 */
export function isQuiet(client: LivingClient): boolean {
  const wired = client as LivingClient & WiredClient
  return wired.readyForQuery !== false && queued(wired).length === 0 && !(wired._sentQueryQueue?.length ?? 0)
}

function queued(client: WiredClient): readonly Query[] {
  return ('_queryQueue' in client ? client._queryQueue : client.queryQueue) ?? []
}

/** Returns true if the server's last word is an open transaction, or what is pending may open or end one. */
export function mayLeaveTransaction(client: LivingClient, life: Life): boolean {
  return (
    isInTransaction(client, life) ||
    pendingQueries(client).some((query) => !isPlain.test(textOf(query)) || isForeign(client, query))
  )
}

/** Returns true if the server's last word is an open transaction, or a failed one. */
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
