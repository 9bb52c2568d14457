import { type Site, formatCallSite, readStack } from '../stack/call-site.ts'
import type { QueryEvent } from './events.ts'
import type { Layer } from '../stack/origin.ts'
import type { Execution } from './execution.ts'

/**
 * An execution that is over, in words and figures.
 *
 * @param durationMillis all of it
 * @param sqlState of a failure
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
  return origin === undefined ? layer : 'prisma'
}

/**
 * The line that sent it, which a layer above may tell when the statement is over; else the one that sent its like
 * before.
 */
export function placeOf({ origin, site, shape }: Execution): string | undefined {
  return lineOf(origin) ?? lineOf(site) ?? (shape.place || undefined)
}

function lineOf(site: Site | undefined): string | undefined {
  return site === undefined ? undefined : formatCallSite(readStack(site))
}
