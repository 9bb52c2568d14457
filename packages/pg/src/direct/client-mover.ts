import type { Analysis, Entry, Move } from '@poolsafe/core/adapter'
import type { Arguments, ClientLike } from '../types.ts'

/** Moves the checkouts of one client to direct connections. */
export interface ClientMover {
  /** The checkout that has moved, or is about to. */
  readonly moved: MovedClient | undefined
  /** Why the connection cannot go back to its pool without its client; `undefined` if it can. */
  readonly staysFor: string | undefined
  /** Notes what the pooler keeps for this connection after a statement. */
  note(analysis: Analysis): void
  /**
   * Moves the checkout, and sends its statement on the direct connection.
   *
   * @param sendPooled sends a statement on the pooled connection, for a checkout that turns out to be unable to move
   * @param entry the function that the application called
   * @returns what `query` returns; `undefined` and a warning if the pooler keeps state for this client that cannot be
   *   taken along
   */
  move(
    args: Arguments,
    move: Move,
    sendPooled: (args: Arguments) => unknown,
    entry: Entry,
  ): { readonly result: unknown } | undefined
}

/** A moved checkout, for the layers that use its client object. */
export interface MovedClient {
  /** The direct client; `undefined` while the checkout has none. */
  readonly direct: ClientLike | undefined
  query(args: Arguments, entry: Entry): unknown
  /** Returns what names the latest statement for {@link cancel}. */
  latest(): object | undefined
  /** Cancels a statement. One that waits for its connection is never sent. */
  cancel(query: object): Promise<void>
  /** Closes its connection, or ends the wait for it. */
  close(error: Error): Promise<void>
}
