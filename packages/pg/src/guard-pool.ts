import { InvalidOptionError, type Guard, type GuardOptions } from '@poolsafe/core'
import { engineOf, keepFirstGuard, markGuarded, toEngine, type Engine } from '@poolsafe/core/adapter'
import type { Gate } from '@poolsafe/core/internal'
import { knownLifeOf } from './living-client.ts'
import { checkDirect, endTogether, makeDirectPool, movableHome, recordWires } from './direct/direct-option.ts'
import { DirectPool } from './direct/direct-pool.ts'
import type { MovableHome } from './direct/internals.ts'
import { Mover } from './direct/mover.ts'
import { gateOf, gatePool, isPool } from './gate-pool.ts'
import { hearClients } from './pool-events.ts'
import type { ClientState } from './client-state.ts'
import { attach } from './guard-client.ts'
import { resolvePoolOptions, type GuardPoolOptions, type PoolOptions } from './pool-options.ts'
import { watchLogin, watchNewClients } from './login.ts'
import { refuseLoginOfPool } from './startup.ts'
import type { ClientLike, PoolLike } from './types.ts'
import { refuseSecondRelease } from './use-after-release.ts'

/**
 * Guards a pool, in place. poolsafe judges `pool.query` before it acquires a connection. It also judges every form of
 * `query` on the clients of `pool.connect`, with the server's own transaction status. It reports a client that is
 * released inside an open transaction; strict mode closes its connection and throws from `release()`.
 *
 * @param pool a `pg.Pool`, new or in use
 * @param guard a guard, or the options to create one
 * @param options how long callers wait for a connection, and how long they may hold it; and where a checkout moves that
 *   needs a session of its own
 * @returns the same pool
 * @throws InvalidOptionError if `pool` is not a pool, or a limit or the direct pool is invalid; in strict mode, also if
 *   another guard watches the pool
 * @throws UnsafeStatementError in strict mode, if its configuration has startup parameters that the pooler does not
 *   pass on, or if the guard's profile differs from the pooler in its URL
 */
export function guardPool<Pool extends PoolLike>(
  pool: Pool,
  guard?: Guard | GuardOptions,
  options?: GuardPoolOptions,
): Pool {
  if (!isPool(pool)) throw noPool(pool)
  const theirs = engineOf(pool)
  if (theirs !== undefined) {
    keepFirstGuard(theirs, guard, 'a pool')
    keepFirstOptions(theirs, options)
    return pool
  }
  const ours = toEngine(guard)
  const resolved = resolvePoolOptions('guardPool()', options, ['direct', 'sessionPooler'])
  checkDirect(pool, ours, options)
  if (ours.mode === 'off') return pool
  const error = refuseLoginOfPool(pool, ours, guardPool)
  if (error !== undefined) throw error
  const { gate, source } = gatePool(pool, ours, resolved, 'pg', true)
  const direct = openDirect(pool, ours, options, gate.record.name)
  guardClients(pool, ours, direct && movableHome(pool, { gate, source }, direct))
  return markGuarded(pool, ours)
}

/** Opens the direct pool of a pool, and guards it by the same guard. */
function openDirect(
  pool: PoolLike,
  guard: Engine,
  options: GuardPoolOptions | undefined,
  name: string | undefined,
): DirectPool | undefined {
  const given = options?.direct
  if (options === undefined || given === undefined) return undefined
  const direct = typeof given === 'string' ? makeDirectPool(pool, given) : given
  if (engineOf(direct) === undefined) {
    const { direct: _, sessionPooler: __, ...limits } = options
    recordWires(direct)
    const poolName = `${name} (direct)`
    gatePool(direct, guard.direct, resolvePoolOptions('guardPool()', { ...limits, poolName }), 'pg', true)
    guardClients(direct, guard.direct)
    markGuarded(direct, guard.direct)
  }
  const opened = new DirectPool(
    direct,
    gateOf(direct) as Gate<ClientLike>,
    guard.direct,
    options.sessionPooler === true,
  )
  endTogether(pool, opened, typeof given === 'string')
  return opened
}

/** The limits of a pool are set once: a second call would have no effect. */
function keepFirstOptions(guard: Engine, options: PoolOptions | undefined): void {
  if (options === undefined) return
  const error = guard.complain(
    new InvalidOptionError('the options of a pool', options, 'given to the first guardPool() of it'),
  )
  if (error !== undefined) throw error
}

function noPool(given: Partial<PoolLike> | undefined): InvalidOptionError {
  const allowed = 'a pool of node-postgres (new pg.Pool(…))'
  const isClient = typeof given?.query === 'function' && !('totalCount' in given)
  return new InvalidOptionError(
    'guardPool(): pool',
    given,
    isClient ? `${allowed}; guardClient() takes a client` : allowed,
  )
}

/**
 * Guards new clients before any other listener sees them. Clients that the pool had already, or was opening, are
 * guarded when they are next acquired.
 */
function guardClients(pool: PoolLike, guard: Engine, home?: MovableHome): void {
  const adopt = (adopted: unknown): void => {
    const client = adopted as ClientLike
    if (engineOf(client) !== undefined) return
    judgeReleases(client, attach(client, guard, home && new Mover(client, guard, home)), guard)
  }
  watchNewClients(pool, (client) => {
    watchLogin(client, guard)
    adopt(client)
  })
  hearClients(pool, adopt)
  // For a client that is being opened now: pg-pool awaits this hook before it emits `connect`.
  const { options } = pool as { options?: { onConnect?: (client: ClientLike) => unknown } }
  const onConnect = options?.onConnect
  if (options === undefined || onConnect === undefined) return
  options.onConnect = (client) => {
    adopt(client)
    return onConnect(client)
  }
}

function judgeReleases(client: ClientLike, state: ClientState, guard: Engine): void {
  const life = knownLifeOf(client)
  if (life === undefined) return
  life.judge = {
    begin() {
      state.isLent = false
      state.lentFor = undefined
      state.refused = undefined
    },
    isLent: () => state.isLent,
    refuseSecond: (entry) => (state.isLent ? undefined : refuseSecondRelease(life, guard, entry)),
    judge(entry) {
      if (state.isLent || !state.transaction.current.isOpen) return undefined
      // The caller's own error matters more than ours, which would replace it in a finally block.
      const isKnown = state.refused !== undefined || state.transaction.current.state.isAborted
      return { error: guard.refuseCall('releasedInTransaction', entry), isKnown }
    },
  }
}
