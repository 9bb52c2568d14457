import { effectsOfCall, judgeEffects, siteOf, type Engine } from '@poolsafe/core/adapter'
import type { PoolSql, Query } from './driver.ts'
import { guardTag } from './guarded-sql.ts'
import { guardListen, guardSubscribe } from './listening.ts'
import { makingOf } from './query-class.ts'
import { guardReserved } from './reserved.ts'
import { Scope, type Pool } from './scope.ts'
import { TransactionScope, type Work } from './transaction-scope.ts'

/**
 * Guards the methods of an `sql` in place, because postgres.js calls some of them itself: `sql.begin` sends its BEGIN
 * by `sql.unsafe`, and `sql.largeObject` uses `sql.begin`.
 *
 * @returns the guarded tag, with the same methods
 */
export function guardPool(original: PoolSql, guard: Engine): PoolSql {
  const judgesNames = judgeEffects(effectsOfCall('namedStatement'), guard.pooler, {}).length > 0
  const pool: Pool = { guard, sql: original, judgesNames }
  const { reserve } = original
  const guarded = guardTag(original, new Scope(pool))
  const { begin, unsafe } = guardBegin(original, guarded, pool)
  const { file, notify } = guarded
  const calls = {
    begin,
    listen: guardListen(original, pool),
    subscribe: guardSubscribe(original, pool),
    reserve: async () => guardReserved(await reserve(), pool),
    file,
    notify,
  }
  Object.assign(guarded, calls)
  Object.assign(original, calls, { unsafe })
  return guarded
}

function guardBegin(original: PoolSql, guarded: PoolSql, pool: Pool): Pick<PoolSql, 'begin' | 'unsafe'> {
  const { begin: bareBegin, unsafe: bareUnsafe } = original
  const making = makingOf(original)
  let beginning: TransactionScope | undefined

  function begin(...args: unknown[]): Promise<unknown> {
    const transaction = new TransactionScope(pool, siteOf(begin))
    const [options, work] = args[1] ? args : ['', args[0]]
    beginning = transaction
    const outcome = bareBegin(
      options,
      transaction.callback(work as Work, () => outcome),
    )
    beginning = undefined
    return outcome
  }
  /** `sql.begin` calls it for its BEGIN before it returns. */
  function unsafe(...args: [text: unknown, args?: unknown, options?: unknown]): Query {
    return beginning === undefined ? guarded.unsafe(...args) : beginning.beginBy(bareUnsafe(...args), making)
  }
  return { begin, unsafe }
}
