import { once, type EventEmitter } from 'node:events'
import type pg from 'pg'
import Cursor from 'pg-cursor'
import { sqlOf, type SentText } from './transaction.ts'

/** Longer than {@link queryTimeoutMillis}. */
const slow = 'SELECT pg_catalog.pg_sleep(0.03)'
const queryTimeoutMillis = 5

/** Sends a text through node-postgres, in its way. */
export async function sendInWay(client: pg.PoolClient, text: SentText): Promise<unknown> {
  const values = valuesOf(text) as unknown[] | undefined
  const way = text[0]?.way
  if (way === undefined) return client.query(sqlOf(text), values)
  return way === 'dropped' ? sendQueued(client, text, values) : sendCursor(client, text, values)
}

/** Neither pg nor Kysely sends a statement whose values are no array. */
export function valuesOf(text: SentText): readonly unknown[] | undefined {
  const [first] = text
  return first?.isNeverSent === true ? ('no array' as never) : first?.values
}

async function sendCursor(client: pg.PoolClient, text: SentText, values: unknown[] | undefined): Promise<void> {
  await ready(client)
  const cursor = client.query(new Cursor(sqlOf(text), values))
  try {
    if (text[0]?.way === 'read') await cursor.read(1)
  } finally {
    await cursor.close()
  }
}

/** pg-cursor forgets a close that comes before its statement is sent, which blocks the connection. */
async function ready(client: pg.PoolClient): Promise<void> {
  const { connection, readyForQuery } = client as unknown as { connection: EventEmitter; readyForQuery: boolean }
  if (!readyForQuery) await once(connection, 'readyForQuery')
}

async function sendQueued(client: pg.PoolClient, text: SentText, values: unknown[] | undefined): Promise<void> {
  const config: pg.QueryConfig & { readonly query_timeout: number } = {
    text: sqlOf(text),
    query_timeout: queryTimeoutMillis,
    ...(values !== undefined && { values }),
  }
  await Promise.allSettled([client.query(slow), client.query(config)])
}
