import type { ConnectionControl } from '@poolsafe/core'
import type { ClientLike } from '../types.ts'
import { cancelQuery } from './cancel-request.ts'
import { closeConnection, isWired, latestQueryOf, type Query } from './internals.ts'

/** For the layers above: what they can do to a client that they do not see. `undefined` where the protocol cannot be spoken. */
export function controlOf(client: ClientLike): ConnectionControl | undefined {
  if (!isWired(client) || client.pipeline === true || client.processID === null) return undefined
  return {
    latest: () => latestQueryOf(client),
    cancel: async (query) => {
      const outcome = await cancelQuery(client, query as Query)
      if (outcome === 'failed') throw new Error('the CancelRequest could not be sent: the query goes on')
    },
    close: () => closeConnection(client, new Error('the session was killed')),
  }
}
