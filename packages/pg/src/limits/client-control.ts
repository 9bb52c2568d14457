import type { ConnectionControl } from '@poolsafe/core/internal'
import { moverOf } from '../guard-client.ts'
import { knownLifeOf } from '../living-client.ts'
import { type ClientLike, closeConnection, isWired, latestQueryOf, type WiredClient } from '../types.ts'
import { cancelQuery } from './cancel-request.ts'

/**
 * For the layers above: returns the controls of a client that they cannot reach. `undefined` if the client does not
 * speak the protocol itself.
 */
export function controlOf(client: ClientLike): ConnectionControl | undefined {
  return isWired(client) && client.pipeline !== true ? new ClientControl(client) : undefined
}

class ClientControl implements ConnectionControl {
  readonly #client: WiredClient

  constructor(client: WiredClient) {
    this.#client = client
  }

  latest(): object | undefined {
    const moved = moverOf(this.#client)?.moved
    return moved === undefined ? latestQueryOf(this.#client) : moved.latest()
  }

  async cancel(query: object): Promise<void> {
    const moved = moverOf(this.#client)?.moved
    if (moved !== undefined) return moved.cancel(query)
    const outcome = await cancelQuery(this.#client, query)
    if (outcome === 'failed') throw new Error('the CancelRequest could not be sent: the query goes on')
  }

  async close(): Promise<void> {
    const error = new Error('the session was killed')
    await (moverOf(this.#client)?.moved?.close(error) ?? closeConnection(this.#client, error))
    // When the server ends a session, its pool reports that once no caller uses the client.
    const pool = knownLifeOf(this.#client)?.home.pool as
      | { emit?(event: 'error', error: Error, client: object): void }
      | undefined
    pool?.emit?.('error', new Error('Connection terminated unexpectedly'), this.#client)
  }
}
