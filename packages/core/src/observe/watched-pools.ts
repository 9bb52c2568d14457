import type { ObservedPool } from './pool-report.ts'

/**
 * The pools of a guard. A pool that is dropped without `end()`, as a hot reload does, is not kept alive by being watched: it is held by
 * nothing but itself, and its place here is found empty.
 */
export class WatchedPools implements Iterable<ObservedPool> {
  readonly #pools = new Set<WeakRef<ObservedPool>>()
  #haveEnded = false

  /** The last pool that was known has ended: no statement can be sent any more. One that was dropped may have been put in another's place. */
  get haveEnded(): boolean {
    return this.#haveEnded
  }

  /** @param pool held by what it describes, and by nothing else */
  add(pool: ObservedPool): void {
    // Those that are gone make room here: nobody may ever ask for the pools.
    for (const known of this) if (known === pool) return
    this.#pools.add(new WeakRef(pool))
    this.#haveEnded = false
  }

  /** It was ended for good: none takes its place by itself. */
  end(pool: ObservedPool): void {
    this.delete(pool)
    this.#haveEnded = [...this].length === 0
  }

  /** It is gone, and another one may take its place. */
  delete(pool: ObservedPool): void {
    for (const reference of this.#pools) if (reference.deref() === pool) this.#pools.delete(reference)
  }

  *[Symbol.iterator](): Generator<ObservedPool, void, undefined> {
    for (const reference of this.#pools) {
      const pool = reference.deref()
      if (pool === undefined) this.#pools.delete(reference)
      else yield pool
    }
  }
}
