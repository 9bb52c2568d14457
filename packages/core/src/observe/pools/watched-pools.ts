import { EndedPools, type PoolTotals } from './ended-pools.ts'
import type { ObservedPool, PoolReport } from './pool-report.ts'

/** A pool and its last report, which remains after the pool is garbage-collected. */
interface Watched {
  readonly reference: WeakRef<ObservedPool>
  last: PoolReport | undefined
}

/**
 * The pools of a guard, referenced weakly: a pool that is dropped without `end()`, as in a hot reload, is not kept
 * alive. Counters remain after their pools.
 */
export class WatchedPools implements Iterable<ObservedPool> {
  readonly #pools = new Set<Watched>()
  readonly #ended = new EndedPools()
  #haveEnded = false

  /**
   * The last known pool has ended, so no statement can be sent. A dropped pool does not count: another one may have
   * replaced it.
   */
  get haveEnded(): boolean {
    return this.#haveEnded
  }

  /** @param pool referenced only by the object that it describes */
  add(pool: ObservedPool): void {
    // Iterating removes collected pools, because reports may never be requested.
    for (const known of this) if (known === pool) return
    this.#pools.add({ reference: new WeakRef(pool), last: undefined })
    this.#haveEnded = false
  }

  /** Call it when a pool was ended; no other pool replaces it by itself. */
  end(pool: ObservedPool): void {
    this.delete(pool)
    this.#haveEnded = [...this].length === 0
  }

  /** Call it when a pool is gone and another one may replace it. */
  delete(pool: ObservedPool): void {
    for (const watched of this.#pools) {
      if (watched.reference.deref() !== pool) continue
      watched.last = pool.report()
      this.#remove(watched)
    }
  }

  /** Returns the current report of each pool. */
  reports(): PoolReport[] {
    return Array.from(this.#present(), ([pool, watched]) => (watched.last = pool.report()))
  }

  /**
   * Returns the totals of the pools that are gone, by name: until `delete`, or until the last `reports()` before they
   * were collected.
   */
  ended(): PoolTotals[] {
    return this.#ended.totals()
  }

  *[Symbol.iterator](): Generator<ObservedPool, void, undefined> {
    for (const [pool] of this.#present()) yield pool
  }

  *#present(): Generator<readonly [ObservedPool, Watched], void, undefined> {
    for (const watched of this.#pools) {
      const pool = watched.reference.deref()
      if (pool === undefined) this.#remove(watched)
      else yield [pool, watched]
    }
  }

  #remove(watched: Watched): void {
    this.#pools.delete(watched)
    if (watched.last !== undefined) this.#ended.add(watched.last, this.#names())
  }

  #names(): ReadonlySet<string> {
    return new Set([...this.#pools].flatMap(({ reference }) => reference.deref()?.name ?? []))
  }
}
