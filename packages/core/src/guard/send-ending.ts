import { transactionTexts } from '../sql/transaction-control.ts'
import type { Ending } from './ending.ts'

/**
 * Hears of an error of the end of a transaction, or of a statement behind it.
 *
 * @param done how many clearings the server had run; `undefined` if the transaction had not ended
 * @returns the error that must replace the answer
 */
type OnFailure = (error: unknown, done: number | undefined) => Error | undefined

/**
 * Ends a transaction, and clears what it has left, with a driver that answers one statement at a time. A pooler keeps
 * the server connection for its client as long as a transaction is open. So `COMMIT AND CHAIN` ends the transaction and
 * keeps the connection.
 *
 * @returns the answer to the end itself
 */
export async function sendEnding<Result>(
  { chained, clearings }: Ending,
  send: (text: string) => Promise<Result>,
  onFailure: OnFailure,
): Promise<Result> {
  const answer = await send(chained).catch((error: unknown) => {
    onFailure(error, undefined)
    throw error
  })
  const refusal = await clear(clearings, send, onFailure)
  if (refusal !== undefined) throw refusal
  return answer
}

/** Clears, and ends the second transaction. */
async function clear(
  clearings: Ending['clearings'],
  send: (text: string) => Promise<unknown>,
  onFailure: OnFailure,
): Promise<Error | undefined> {
  let done = 0
  try {
    for (const { sql } of clearings) {
      await send(sql)
      done++
    }
    await send(transactionTexts.commit)
    return undefined
  } catch (error) {
    // A connection that is lost fails here as well. The application has committed.
    await send(transactionTexts.rollback).catch(() => {})
    return onFailure(error, done)
  }
}
