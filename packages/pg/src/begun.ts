import { AwaitChain, enterProven, type BegunTransaction, type Entry } from '@poolsafe/core/adapter'
import { checkoutKey, type GatedClient } from './present-checkout.ts'
import type { TransactionStatus } from './transaction-status.ts'

/**
 * Remembers that a transaction was begun on a client of a pool, and who awaits its BEGIN.
 *
 * @param sent what the BEGIN returned
 * @returns what is to be returned in its place
 */
export function rememberBegin(
  { [checkoutKey]: checkout }: GatedClient,
  status: TransactionStatus,
  sent: unknown,
  entry: Entry,
): unknown {
  if (checkout === undefined) return sent
  const begun: BegunTransaction = { chain: undefined, isOpen: () => status.current.isOpen }
  checkout.begun = begun
  enterProven(checkout)
  // A promise of another library is left as it is.
  if (sent instanceof Promise && sent.constructor === Promise) return withChain(sent, begun)
  begun.chain = new AwaitChain(entry)
  return sent
}

/** Only once something was awaited V8 knows who awaits this. */
async function withChain(sent: Promise<unknown>, begun: BegunTransaction): Promise<unknown> {
  const answer = await sent
  begun.chain = new AwaitChain(withChain)
  return answer
}
