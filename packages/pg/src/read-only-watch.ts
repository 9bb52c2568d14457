import { performance } from '@poolsafe/core/internal'
import type { ObservedPool } from '@poolsafe/core/internal'
import { knownLifeOf, type Life, type ServerRole } from './living-client.ts'
import { clientsOf } from './idle-clients.ts'
import type { PoolLike } from './types.ts'

/**
 * The minimum age of a connection that is replaced, in milliseconds. A replacement for a younger one would most likely
 * reach the same server.
 */
const leastAgeMillis = 1000

/**
 * Notices that a pool has lost its primary. After a failover, a connection or the server's address may lead to a server
 * that accepts no writes. Every write then fails (25006), while all other statements succeed.
 *
 * It ignores what the application itself declared read-only: `BEGIN READ ONLY`, a session set to read-only, a role, or
 * a replica that was never a primary.
 */
export class ReadOnlyWatch {
  readonly #pool: PoolLike
  #hasBeenWritable = false
  #refusedAt: number | undefined
  /** False if logins may report the role of another server, as behind a pooler. */
  #reportsAreTrue = true

  constructor(pool: PoolLike) {
    this.#pool = pool
  }

  /** Notes the role of a new connection, or of one whose server was promoted. */
  reported(role: ServerRole): void {
    if (role.in_hot_standby !== 'off' || role.default_transaction_read_only === 'on') return
    this.#hasBeenWritable = true
    if (this.#reportsAreTrue) this.#refusedAt = undefined
  }

  /**
   * Notes that the server refused a write.
   *
   * @param isAutocommit true if no transaction was open, so the application has not declared one read-only
   * @returns true if the connection must be replaced
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

  /** Returns the problem for the health report of the pool. */
  trouble(recentMillis: number): ReturnType<ObservedPool['trouble']>['readOnly'] {
    if (this.#refusedAt === undefined) return undefined
    const agoMillis = performance.now() - this.#refusedAt
    // A pool that gets no traffic because of this must not look healthy for lack of statements.
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
