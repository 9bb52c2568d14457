import { Transaction } from '@poolsafe/core/adapter'
import { listenText, siteOf } from '@poolsafe/core/internal'
import type { PoolSql } from './driver.ts'
import type { Pool } from './pool.ts'
import { Scope } from './scope.ts'

/** postgres.js listens on a connection of its own, which it opens for this. */
export function guardListen({ listen: bare }: PoolSql, pool: Pool): PoolSql['listen'] {
  function listen(...args: Parameters<PoolSql['listen']>): Promise<unknown> {
    const { sender } = new Scope(pool, new Transaction({ isAnswered: true }))
    return sender.send(listenText([String(args[0])]), siteOf(listen), () => bare(...args), undefined)
  }
  // postgres.js keeps the listening `sql` on its own function, and ends it by that.
  return listen
}

/** A subscription logs in with a parameter that only replication has. */
export function guardSubscribe({ subscribe: bare, options }: PoolSql, { guard }: Pool): PoolSql['subscribe'] {
  async function subscribe(...args: unknown[]): Promise<unknown> {
    const address = { host: options.host?.[0], port: options.port?.[0] }
    const refusal = guard.refuseLogin({ replication: 'database' }, address, subscribe)
    if (refusal !== undefined) throw refusal
    return bare(...args)
  }
  return subscribe
}
