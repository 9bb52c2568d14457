import { sessionTexts, setTimeout, clearTimeout } from '@poolsafe/core/internal'
import { askOn } from '../ask-idle.ts'
import type { Life, LivingClient } from '../living-client.ts'
import { followPending, isInTransaction, isQuiet } from '../pending.ts'
import { forgetPrepared } from './forget-prepared.ts'
import type { WireConnection } from './internals.ts'

/** How long the server has to clean a session, in milliseconds. */
export const cleanWithinMillis = 5000

/**
 * Removes what the application has left in a session: waits for the statements that it did not await, ends an open
 * transaction, and discards the rest.
 *
 * @param prepare prepares the session again, as that of a new connection
 * @returns false if the connection must be closed
 */
export async function cleanSession(client: LivingClient, life: Life, prepare: () => unknown): Promise<boolean> {
  if (!(await becomesQuiet(client))) return false
  const connection = client.connection as unknown as WireConnection
  const late = setTimeout(() => connection.stream.destroy(), cleanWithinMillis)
  try {
    if (isInTransaction(client, life)) await askOn(client, sessionTexts.rollback)
    await askOn(client, sessionTexts.clean)
    forgetPrepared(connection)
    await prepare()
    return true
  } catch {
    return false
  } finally {
    clearTimeout(late)
  }
}

/**
 * Waits for the answers to the statements that the application did not await.
 *
 * @returns false if a cursor stays open, or if the connection is lost
 */
export async function becomesQuiet(client: LivingClient): Promise<boolean> {
  if (client._queryable === false || client._ending === true) return false
  if (isQuiet(client)) return true
  return new Promise((resolve) => {
    const settle = (isClean: boolean): void => {
      stop()
      resolve(isClean)
    }
    const ready = (): void => {
      if (isQuiet(client)) settle(true)
    }
    const giveUp = (): void => settle(false)
    const stop = followPending(client, { ready, ended: giveUp, unread: giveUp })
  })
}
