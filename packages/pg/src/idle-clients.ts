import type { ClientLike, PoolLike } from './types.ts'

/** The clients that are idle in a pool, copied: pg-pool changes its list while they are closed. */
export function clientsOf(pool: PoolLike): readonly ClientLike[] {
  const { _idle: idle } = pool as { readonly _idle?: readonly { readonly client: ClientLike }[] }
  return idle?.map(({ client }) => client) ?? []
}
