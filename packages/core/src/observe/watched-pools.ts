import type { ObservedPool } from './pool-report.ts'

/**
 * The pools of a guard. A pool that is dropped without `end()`, as a hot reload does, is not kept alive by being watched: it is held by
 * nothing but itself, and its place here is found empty.
 */
export class WatchedPools implements Iterable<ObservedPool> {
  readonly #pools = new Set<WeakRef<ObservedPool>>()

  /** @param pool held by what it describes, and by nothing else */
  add(pool: ObservedPool): void {
    // Those that are gone make room here: nobody may ever ask for the pools.
    for (const known of this) if (known === pool) return
    this.#pools.add(new WeakRef(pool))
  }

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
