import type { Entry } from '@poolsafe/core/adapter'
import { AwaitChain, enterProven, type BegunTransaction } from '@poolsafe/core/internal'
import { checkoutKey, type GatedClient } from './present-checkout.ts'
import type { TransactionStatus } from './transaction-status.ts'

/**
 * Remembers that a transaction began on a client of a pool, and the await chain of its BEGIN.
 *
 * @param sent what the BEGIN returned
 * @returns the value to return instead
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
  // A promise of another library stays unchanged.
  if (sent instanceof Promise && sent.constructor === Promise) return withChain(sent, begun)
  begun.chain = new AwaitChain(entry)
  return sent
}

/** V8 knows who awaits this only after something was awaited. */
async function withChain(sent: Promise<unknown>, begun: BegunTransaction): Promise<unknown> {
  const answer = await sent
  begun.chain = new AwaitChain(withChain)
  return answer
}
