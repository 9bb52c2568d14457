import { InvalidOptionError } from '@poolsafe/core'
import type { Engine } from '@poolsafe/core/adapter'
import { hasStatementLimits, type StatementLimits } from '@poolsafe/core/internal'
import { watchNewClients } from '../login.ts'
import { hearClients } from '../pool-events.ts'
import { type ClientLike, hasWiredClients, isWired, type PoolLike } from '../types.ts'
import { StatementWatch, type WatchedPool } from './statement-watch.ts'

const watched = new WeakSet<ClientLike>()

/**
 * Limits the statements of all clients of a pool. It costs nothing without a limit.
 *
 * @param poolOf returns the pool's callbacks for a client
 * @throws InvalidOptionError if the pool's clients cannot be limited
 */
export function limitPool(
  pool: PoolLike,
  limits: StatementLimits,
  guard: Engine,
  poolOf: (client: ClientLike) => WatchedPool,
): void {
  if (!hasStatementLimits(limits)) return
  const { options, Client } = pool as { options?: { pipeline?: boolean }; Client?: object }
  if (options?.pipeline === true)
    refuse(limits, 'a pool without pipeline mode, where a CancelRequest would hit the statements behind')
  if (Client !== undefined && !hasWiredClients(pool))
    refuse(limits, 'a pool of pg’s own client, as pg-native does not expose its connection')
  const limit = (client: unknown): void =>
    limitClient(client as ClientLike, limits, guard, poolOf(client as ClientLike))
  watchNewClients(pool, limit)
  hearClients(pool, limit)
}

/** Limits the statements of one client, once. */
export function limitClient(client: ClientLike, limits: StatementLimits, guard: Engine, pool: WatchedPool): void {
  if (!hasStatementLimits(limits) || watched.has(client)) return
  if (!isWired(client)) return refuse(limits, 'a client of pg’s own, as pg-native does not expose its connection')
  if (client.pipeline === true)
    refuse(limits, 'a client without pipeline mode, where a CancelRequest would hit the statements behind')
  watched.add(client)
  void new StatementWatch(client, limits, guard, pool)
}

function refuse({ statementTimeoutMillis, poolerWaitTimeoutMillis }: StatementLimits, needed: string): never {
  const isStatement = statementTimeoutMillis !== Infinity
  const option = isStatement ? 'statementTimeoutMillis' : 'poolerWaitTimeoutMillis'
  const given = isStatement ? statementTimeoutMillis : poolerWaitTimeoutMillis
  throw new InvalidOptionError(option, given, `given to ${needed}`)
}
