import type { ObservedPool } from '@poolsafe/core/adapter'
import { knownLifeOf, type Life, type ServerRole } from './living-client.ts'
import { clientsOf } from './idle-clients.ts'
import type { PoolLike } from './types.ts'

/** A connection that is younger is not replaced: the next one would most likely reach the same server. */
const leastAgeMillis = 1000

/**
 * Notices that a pool has lost its primary: after a failover a connection, or the address of the server, may lead to a
 * server that takes no writes. Every statement that writes then fails (25006) while everything else succeeds.
 *
 * What the application itself declared read-only is none of its business: `BEGIN READ ONLY`, a session that was set to
 * it, a role or a replica that never was anything else.
 */
export class ReadOnlyWatch {
  readonly #pool: PoolLike
  #hasBeenWritable = false
  #refusedAt: number | undefined
  /** Behind a pooler a login may report what some other server was. */
  #reportsAreTrue = true

  constructor(pool: PoolLike) {
    this.#pool = pool
  }

  /** A new connection, or one whose server was promoted. */
  reported(role: ServerRole): void {
    if (role.in_hot_standby !== 'off' || role.default_transaction_read_only === 'on') return
    this.#hasBeenWritable = true
    if (this.#reportsAreTrue) this.#refusedAt = undefined
  }

  /**
   * The server refused a statement that writes.
   *
   * @param isAutocommit no transaction was open, so that the application has declared nothing
   * @returns whether the connection is to be replaced
   */
  refused(life: Life, message: string, isAutocommit: boolean): boolean {
    const { atLogin, role } = life
    const isStandby = role.in_hot_standby === 'on' || message.includes('during recovery')
    const isReadOnlyServer = isStandby || (atLogin.default_transaction_read_only === 'on' && this.#hasBeenWritable)
    const isSession = role.default_transaction_read_only === 'on' && atLogin.default_transaction_read_only === 'off'
    const isUnreported = isAutocommit && !isSession && role.default_transaction_read_only !== 'on'
    if (isUnreported && !isStandby && role.in_hot_standby === 'off') this.#reportsAreTrue = false
    if (isReadOnlyServer || isUnreported) this.#refusedAt = performance.now()
    else if (!isSession) return false
    this.#replaceIdle()
    return performance.now() - life.openedAt >= leastAgeMillis
  }

  /** What the health of the pool says of it. */
  trouble(recentMillis: number): ReturnType<ObservedPool['trouble']>['readOnly'] {
    if (this.#refusedAt === undefined) return undefined
    const agoMillis = performance.now() - this.#refusedAt
    // A pool that gets no traffic because of this must not seem healthy for the lack of statements.
    const lasts = this.#reportsAreTrue && this.#hasBeenWritable
    return lasts || agoMillis <= recentMillis ? { agoMillis } : undefined
  }

  #replaceIdle(): void {
    const { _remove: remove } = this.#pool as { readonly _remove?: (client: unknown) => void }
    if (remove === undefined) return
    for (const client of clientsOf(this.#pool)) {
      const life = knownLifeOf(client)
      if (life === undefined || performance.now() - life.openedAt < leastAgeMillis) continue
      if (life.role.in_hot_standby !== 'on' && life.role.default_transaction_read_only !== 'on') continue
      life.giveUpFor('readOnly')
      remove.call(this.#pool, client)
    }
  }
}
