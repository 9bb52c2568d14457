import type { PoolsafeError } from '@poolsafe/core'
import { Transaction, type Site } from '@poolsafe/core/adapter'
import { isConnectionGone, performance, siteOf, type Checkout } from '@poolsafe/core/internal'
import type { PoolSql, ReservedSql } from './driver.ts'
import { guardTag } from './guarded-sql.ts'
import { Loss } from './loss.ts'
import { callbackAround } from './outside.ts'
import { makingOf } from './query-class.ts'
import { earlierBy, type Release } from './release.ts'
import type { Pool } from './pool.ts'
import { Scope } from './scope.ts'
import type { Use } from './sql-source.ts'
import { rollbackText } from './texts.ts'

/** Guards `sql.reserve`: the wait for the connection is bounded, and its stay is followed. */
export function guardReserve({ reserve: bare }: PoolSql, pool: Pool): PoolSql['reserve'] {
  async function reserve(): Promise<ReservedSql> {
    const site = siteOf(reserve)
    const began = callbackAround(pool, reserve)
    const refusal = began === undefined ? undefined : pool.guard.refuseCall('outsideHandle', site, began)
    if (refusal !== undefined) throw refusal
    return reserveWithin(pool.connections.reserve(bare), pool, site)
  }
  return reserve
}

/** @param reserving resolves when postgres.js has a connection. Nothing takes the call out of its queue */
function reserveWithin(reserving: Promise<ReservedSql>, pool: Pool, site: Site): Promise<ReservedSql> {
  const { line } = pool
  const scope = new Scope(pool, new Transaction({ isAnswered: true }))
  return new Promise((resolve, reject) => {
    let checkout: Checkout<Use> | undefined
    let state: 'asked' | 'arrived' | 'denied' = 'asked'
    const call = {
      site,
      use: scope.use as Use,
      arrived: (held: Checkout<Use>): void => void (checkout = held),
      denied(error: Error): void {
        state = 'denied'
        reject(error)
      },
    }
    const arrive = (reserved: ReservedSql): void => {
      // It arrived too late: the next call in the queue gets it.
      if (state === 'denied') return reserved.release()
      state = 'arrived'
      if (checkout === undefined) line.holds(call)
      else line.arrives(checkout, call)
      resolve(guardReserved(reserved, scope, () => checkout && line.giveBack(checkout)))
    }
    const fail = (error: unknown): void => {
      if (checkout !== undefined) line.giveBack(checkout, error)
      reject(error)
    }
    reserving.then(arrive, fail)
    // An idle connection arrives in the next microtask.
    queueMicrotask(() => queueMicrotask(() => state === 'asked' && (checkout = line.queue(call))))
  })
}

/** Guards the `sql` of a reserved connection. postgres.js would use the connection even after its release. */
function guardReserved(original: ReservedSql, scope: Scope, giveBack: () => void): ReservedSql {
  const { guard, connections } = scope.pool
  let released: Release | undefined
  const earlier = (): string | undefined => released && earlierBy(released)
  const { handler } = makingOf(original)
  const loss = new Loss(connections.reservedBy(handler))
  scope.sending = loss
  scope.refuses = (text, site) => {
    if (loss.error !== undefined) return loss.error
    const when = earlier()
    return when === undefined ? undefined : guard.refuseCall('usedAfterRelease', site, when, text)
  }
  const sql = guardTag(original, scope)
  const bareRelease = original.release.bind(original)

  /** postgres.js has taken a lost connection back by itself. */
  function freed(): void {
    if (loss.error === undefined) bareRelease()
  }
  function refusal(): PoolsafeError | undefined {
    const when = earlier()
    if (when !== undefined) return guard.refuseCall('releasedTwice', release, when)
    const isOpen = loss.error === undefined && scope.sender.transaction?.isOpen === true
    return isOpen ? guard.refuseCall('releasedInTransaction', release) : undefined
  }
  function release(): void {
    const error = refusal()
    const isFirst = released === undefined
    if (isFirst) released = { at: performance.now(), site: siteOf(release) }
    if (isFirst) giveBack()
    if (error === undefined) return freed()
    // The next caller must not get the open transaction.
    if (isFirst) original.unsafe(rollbackText).then(freed, (failure) => isConnectionGone(failure) || freed())
    throw error
  }
  sql.release = release
  return sql
}
