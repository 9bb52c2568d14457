import type { PoolsafeError } from '@poolsafe/core'
import { callSiteOf, seconds, siteOf, Transaction, type Site } from '@poolsafe/core/adapter'
import type { ReservedSql } from './driver.ts'
import { guardTag } from './guarded-sql.ts'
import { Scope, type Pool } from './scope.ts'
import { rollbackText } from './texts.ts'

/** Guards the `sql` of a reserved connection. postgres.js uses the connection even after its release. */
export function guardReserved(original: ReservedSql, pool: Pool): ReservedSql {
  const { guard } = pool
  const transaction = new Transaction({ isAnswered: true })
  const scope = new Scope(pool, transaction)
  let released: { readonly at: number; readonly site: Site } | undefined
  const earlier = (): string | undefined =>
    released && `${seconds(performance.now() - released.at)} ago by ${callSiteOf(released) ?? 'an unknown call site'}`
  scope.refuses = (text, site) => {
    const when = earlier()
    return when === undefined ? undefined : guard.refuseCall('usedAfterRelease', site, when, text)
  }
  const sql = guardTag(original, scope)
  const bareRelease = original.release.bind(original)

  function refusal(): PoolsafeError | undefined {
    const when = earlier()
    if (when !== undefined) return guard.refuseCall('releasedTwice', release, when)
    return transaction.isOpen ? guard.refuseCall('releasedInTransaction', release) : undefined
  }
  function release(): void {
    const error = refusal()
    const isFirst = released === undefined
    if (isFirst) released = { at: performance.now(), site: siteOf(release) }
    if (error === undefined) return bareRelease()
    // The next caller must not get the open transaction.
    if (isFirst) original.unsafe(rollbackText).then(bareRelease, bareRelease)
    throw error
  }
  sql.release = release
  return sql
}
