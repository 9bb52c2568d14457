import type { Guard, GuardStatistics } from '@poolsafe/core'
import { engineOf } from '@poolsafe/core/adapter'
import type { MetricDefinition, Sample } from './catalogue.ts'

/** The guards whose metrics one registry reads with one prefix. */
export class Sources {
  /** By the value of the label `guard`. A guard without the label has the empty name. */
  readonly #guards = new Map<string, Guard>()
  #statistics: ReadonlyMap<string, GuardStatistics> | undefined

  get isEmpty(): boolean {
    return this.#guards.size === 0
  }

  has(name: string): boolean {
    return this.#guards.has(name)
  }

  /** @returns a function that removes it */
  add(name: string, guard: Guard): () => void {
    this.#guards.set(name, guard)
    return () => {
      if (this.#guards.get(name) === guard) this.#guards.delete(name)
    }
  }

  read(definition: MetricDefinition): Sample[] {
    const samples = [...this.#guards].map(([name, guard]) => {
      if (definition.isObserved && engineOf(guard).observer === undefined) return []
      const statistics = this.#readAll().get(name)
      const own = statistics === undefined ? [] : definition.read(statistics)
      return name === '' ? own : own.map(({ labels, value }) => ({ labels: { ...labels, guard: name }, value }))
    })
    return samples.flat()
  }

  /** Reads the statistics once for a scrape: the registry asks all metrics synchronously, so they share one result. */
  #readAll(): ReadonlyMap<string, GuardStatistics> {
    if (this.#statistics !== undefined) return this.#statistics
    queueMicrotask(() => {
      this.#statistics = undefined
    })
    this.#statistics = new Map([...this.#guards].map(([name, guard]) => [name, guard.stats()]))
    return this.#statistics
  }
}
