import type { Left, Savepoint } from './state.ts'

/** The savepoints of one text, with an index by name, so that each look-up takes the same time. */
export class Savepoints {
  #newest: Savepoint | undefined
  /** For each name the savepoints that have it, the oldest first. Built by the second look-up that needs it. */
  #byName: Map<string | undefined, Savepoint[]> | undefined
  #hasSearched = false

  constructor(newest: Savepoint | undefined) {
    this.#newest = newest
  }

  get newest(): Savepoint | undefined {
    return this.#newest
  }

  set(name: string | undefined, left: readonly Left[]): void {
    this.#newest = { name, left, previous: this.#newest }
    if (this.#byName !== undefined) addTo(this.#byName, this.#newest)
  }

  /** Returns the newest savepoint of that name; `undefined` where PostgreSQL does not find one either. */
  find(name: string | undefined): Savepoint | undefined {
    if (this.#newest === undefined || this.#newest.name === name) return this.#newest
    if (this.#hasSearched) return (this.#byName ??= byName(this.#newest)).get(name)?.at(-1)
    this.#hasSearched = true
    let found: Savepoint | undefined = this.#newest
    while (found !== undefined && found.name !== name) found = found.previous
    return found
  }

  /** Forgets the savepoints that came after one of them. */
  cutTo(savepoint: Savepoint | undefined): void {
    while (this.#newest !== undefined && this.#newest !== savepoint) {
      this.#byName?.get(this.#newest.name)?.pop()
      this.#newest = this.#newest.previous
    }
  }
}

function byName(newest: Savepoint): Map<string | undefined, Savepoint[]> {
  const index = new Map<string | undefined, Savepoint[]>()
  for (const savepoint of chainOf(newest)) addTo(index, savepoint)
  return index
}

function addTo(index: Map<string | undefined, Savepoint[]>, savepoint: Savepoint): void {
  const known = index.get(savepoint.name)
  if (known === undefined) index.set(savepoint.name, [savepoint])
  else known.push(savepoint)
}

/** A savepoint and those before it, the oldest first. */
export function chainOf(newest: Savepoint | undefined): Savepoint[] {
  const chain: Savepoint[] = []
  for (let each = newest; each !== undefined; each = each.previous) chain.push(each)
  return chain.toReversed()
}
