import { type Site, formatCallSite, readStack } from '../stack/call-site.ts'
import type { QueryEvent } from './events.ts'
import type { Layer } from '../stack/origin.ts'
import type { Execution } from './execution.ts'

/**
 * Builds the event of a finished execution.
 *
 * @param durationMillis from the call to the end of the answer
 * @param sqlState the server's SQLSTATE, for a failure
 */
export function eventOf(execution: Execution, durationMillis: number, sqlState: string | undefined): QueryEvent {
  const { shape, origin, request, onlyBegins, transactionSince, rows, pool } = execution
  const poolWaitMillis = Math.min(execution.sentAt - execution.startedAt + execution.checkoutWaitMillis, durationMillis)
  const ranMillis = durationMillis - poolWaitMillis
  const isInTransaction = transactionSince > 0
  const endedAt = execution.startedAt + durationMillis - execution.checkoutWaitMillis + execution.readerMillis
  const poolerWaitMillis = onlyBegins ? ranMillis : isInTransaction ? 0 : undefined
  return {
    operation: origin?.operation,
    layer: layerOf(execution),
    summary: shape.summary,
    kind: shape.kind,
    statement: shape.statement,
    fingerprint: shape.fingerprint,
    durationMillis,
    poolWaitMillis,
    poolerWaitMillis,
    executionMillis: ranMillis - (poolerWaitMillis ?? 0),
    rows: shape.kind === 'transaction' ? undefined : rows,
    failed: sqlState !== undefined,
    sqlState: sqlState === '' ? undefined : sqlState,
    transactionMillis: isInTransaction ? endedAt - transactionSince : undefined,
    place: placeOf(execution),
    request: request?.name,
    tag: request?.tag,
    pool,
  }
}

/** The layer that the application called. */
export function layerOf({ origin, layer }: Execution): Layer {
  return origin?.layer ?? layer
}

/**
 * The call site of this statement, which a layer above may report only after it ended; otherwise the call site of an
 * earlier statement of the same shape.
 */
export function placeOf({ origin, site, shape }: Execution): string | undefined {
  return lineOf(origin) ?? lineOf(site) ?? (shape.place || undefined)
}

function lineOf(site: Site | undefined): string | undefined {
  return site === undefined ? undefined : formatCallSite(readStack(site))
}
