import type { ClientLike, PoolLike } from './types.ts'

/** Returns a copy of the pool's list of idle clients, because pg-pool changes the list while they are closed. */
export function clientsOf(pool: PoolLike): readonly ClientLike[] {
  const { _idle: idle } = pool as { readonly _idle?: readonly { readonly client: ClientLike }[] }
  return idle?.map(({ client }) => client) ?? []
}
