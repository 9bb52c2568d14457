import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from 'pg'

const departureMillis = 500
const pollMillis = 5

const othersQuery =
  "SELECT 1 FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() LIMIT 1"

/**
 * Resolves when a server has no clients left, after 500 ms at the latest. pg's `pool.end()` resolves while PostgreSQL
 * is still reading Terminate. A server that shuts down at that moment answers with an error (57P01) that no code
 * handles any more.
 *
 * @param client not connected so far. If the server refuses it or does not answer, the wait ends
 */
export async function waitForClients(client: Client): Promise<void> {
  const deadline = new AbortController()
  const watching = watch(client, deadline.signal)
    .catch(() => undefined)
    .finally(() => deadline.abort())
  await Promise.race([watching, sleep(departureMillis, undefined, { signal: deadline.signal }).catch(() => undefined)])
  deadline.abort()
}

async function watch(client: Client, deadline: AbortSignal): Promise<void> {
  // At the deadline the server may shut down while this client is still disconnecting.
  client.on('error', () => undefined)
  try {
    await client.connect()
    while (!deadline.aborted && (await client.query(othersQuery)).rows.length > 0) await sleep(pollMillis)
  } finally {
    await client.end()
  }
}
