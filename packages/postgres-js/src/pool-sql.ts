import type { Engine } from '@poolsafe/core/adapter'
import { effectsOfCall, judgeEffects, runHolding, siteOf, type CheckoutLimits } from '@poolsafe/core/internal'
import { Connections } from './connections.ts'
import type { PoolSql, Query } from './driver.ts'
import { guardTag } from './guarded-sql.ts'
import { guardListen, guardSubscribe } from './listening.ts'
import { observeSql } from './observed-sql.ts'
import { Losses } from './losses.ts'
import { callbackAround } from './outside.ts'
import { makingOf } from './query-class.ts'
import { guardReserve } from './reserved.ts'
import type { Pool } from './pool.ts'
import { Scope } from './scope.ts'
import { TransactionScope, type Work } from './transaction-scope.ts'
import { WaitingLine } from './waiting-line.ts'

/** A guarded pool. */
export interface GuardedPool {
  readonly guarded: PoolSql
  /** Takes it out of the statistics of its guard. */
  readonly forget: () => void
}

/**
 * Guards the methods of an `sql` in place, because postgres.js calls some of them itself: `sql.begin` sends its BEGIN
 * by `sql.unsafe`, and `sql.largeObject` uses `sql.begin`.
 *
 * @param name of the pool, in reports
 * @returns the guarded tag, with the same methods
 */
export function guardPool(
  original: PoolSql,
  guard: Engine,
  limits: CheckoutLimits,
  name: string | undefined,
): GuardedPool {
  const judgesNames = judgeEffects(effectsOfCall('namedStatement'), guard.pooler, {}).length > 0
  const { max = 10 } = original.options
  const line = new WaitingLine(max, limits, guard)
  const { unsafe: bareUnsafe } = original
  const connections = new Connections(max, makingOf(original).handler, () => bareUnsafe(''))
  const losses = new Losses(original.options, connections)
  const pool: Pool = { guard, sql: original, judgesNames, line, connections, losses }
  const scope = new Scope(pool)
  scope.sending = line
  const guarded = guardTag(original, scope)
  const { begin, unsafe } = guardBegin(original, guarded, pool)
  const { file, notify } = guarded
  const observed = observeSql(original, pool, name)
  const calls = {
    begin,
    file,
    notify,
    listen: guardListen(original, pool),
    subscribe: guardSubscribe(original, pool),
    reserve: guardReserve(original, pool),
    end: observed.end,
  }
  Object.assign(guarded, calls)
  Object.assign(original, calls, { unsafe })
  return { guarded, forget: observed.forget }
}

function guardBegin(original: PoolSql, guarded: PoolSql, pool: Pool): Pick<PoolSql, 'begin' | 'unsafe'> {
  const { begin: bareBegin, unsafe: bareUnsafe } = original
  const making = makingOf(original)
  let beginning: TransactionScope | undefined

  function begin(...args: unknown[]): Promise<unknown> {
    const site = siteOf(begin)
    const began = callbackAround(pool, begin)
    const refusal = began === undefined ? undefined : pool.guard.refuseCall('outsideHandle', site, began)
    if (refusal !== undefined) return Promise.reject(refusal)
    return runHolding((holding) => {
      const transaction = new TransactionScope(pool, site, holding)
      const [options, work] = args[1] ? args : ['', args[0]]
      beginning = transaction
      const outcome = bareBegin(
        options,
        transaction.callback(work as Work, () => outcome),
      )
      beginning = undefined
      return endOf(outcome, transaction)
    })
  }
  /** `sql.begin` calls it for its BEGIN before it returns. */
  function unsafe(...args: [text: unknown, args?: unknown, options?: unknown]): Query {
    return beginning === undefined ? guarded.unsafe(...args) : beginning.beginBy(bareUnsafe(...args), making)
  }
  return { begin, unsafe }
}

/** A promise of its own: poolsafe handles that of postgres.js, and Node still reports an unhandled failure. */
function endOf(outcome: Promise<unknown>, transaction: TransactionScope): Promise<unknown> {
  return outcome.then(
    (result) => {
      transaction.over()
      return result
    },
    (error: unknown) => {
      transaction.over(error)
      throw error
    },
  )
}
