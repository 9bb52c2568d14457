import { EndedPools, type PoolTotals } from './ended-pools.ts'
import type { ObservedPool, PoolReport } from './pool-report.ts'

/** A pool, and what it said of itself when it was asked last: one that is collected says nothing more. */
interface Watched {
  readonly reference: WeakRef<ObservedPool>
  last: PoolReport | undefined
}

/**
 * The pools of a guard. A pool that is dropped without `end()`, as a hot reload does, is not kept alive by being
 * watched: it is held by nothing but itself, and its place here is found empty. What pools have counted stays when they
 * go.
 */
export class WatchedPools implements Iterable<ObservedPool> {
  readonly #pools = new Set<Watched>()
  readonly #ended = new EndedPools()
  #haveEnded = false

  /**
   * The last pool that was known has ended: no statement can be sent any more. One that was dropped may have been put
   * in another's place.
   */
  get haveEnded(): boolean {
    return this.#haveEnded
  }

  /** @param pool held by what it describes, and by nothing else */
  add(pool: ObservedPool): void {
    // Those that are gone make room here: nobody may ever ask for the pools.
    for (const known of this) if (known === pool) return
    this.#pools.add({ reference: new WeakRef(pool), last: undefined })
    this.#haveEnded = false
  }

  /** It was ended for good: none takes its place by itself. */
  end(pool: ObservedPool): void {
    this.delete(pool)
    this.#haveEnded = [...this].length === 0
  }

  /** It is gone, and another one may take its place. */
  delete(pool: ObservedPool): void {
    for (const watched of this.#pools) {
      if (watched.reference.deref() !== pool) continue
      watched.last = pool.report()
      this.#remove(watched)
    }
  }

  /** What each pool says of itself now. */
  reports(): PoolReport[] {
    return Array.from(this.#present(), ([pool, watched]) => (watched.last = pool.report()))
  }

  /**
   * What those did that are gone, by name: until `delete`, or until the last `reports()` before they were collected.
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
