import { TextCache } from '../analyze/cache.ts'
import { Front } from '../analyze/front.ts'
import { normalise } from '../analyze/normalise.ts'
import { formOf, Shape } from './shape.ts'

/** Bytes for the texts seen last, each with its shape; and as many for those whose place in front another text has taken. */
const textBytes = 524_288
/** Shapes that are kept with their counts: some 1 kB each. */
const most = 1000

/** What the process has sent, by shape, in bounded memory. */
export class Shapes {
  readonly #front = new Front<Shape>(textBytes)
  readonly #behind = new TextCache<Shape>(textBytes)
  readonly #kept = new Map<string, Shape>()
  #forgotten = 0

  /** The shape of a text. */
  of(sql: string): Shape {
    const known = this.#front.get(sql)
    return known?.isKept === true ? known : this.#find(sql)
  }

  /** Those that took the most time, of all times that they were sent. */
  slowest(count: number): Shape[] {
    const found: Shape[] = []
    // All need not be sorted for the first few of them: that takes a millisecond or two where the code has not run before.
    for (const shape of this.#kept.values()) {
      const last = found.at(-1)
      if (last !== undefined && found.length >= count && last.sumMillis >= shape.sumMillis) continue
      found.splice(found.findLastIndex((other) => other.sumMillis >= shape.sumMillis) + 1, 0, shape)
      if (found.length > count) found.pop()
    }
    return found
  }

  /** How many are kept. */
  get size(): number {
    return this.#kept.size
  }

  /** How many were forgotten to make room: their counts are in the totals alone. */
  get forgotten(): number {
    return this.#forgotten
  }

  /** To make a shape takes as long as hundreds of look-ups: neither a trace id in a comment nor the length of a list makes one. */
  #find(sql: string): Shape {
    const normal = normalise(sql)
    const known = this.#behind.get(normal)
    const shape = this.#keep(known ?? new Shape(formOf(normal)))
    this.#front.set(sql, shape)
    if (known !== shape) this.#behind.set(normal, shape)
    return shape
  }

  #keep(shape: Shape): Shape {
    const same = this.#kept.get(shape.fingerprint)
    if (same !== undefined) return same
    if (this.#kept.size >= most) this.#makeRoom()
    this.#kept.set(shape.fingerprint, shape)
    shape.isKept = true
    return shape
  }

  /** Half of them go at once, those that took the least time: to look for the one least would take as long each time. */
  #makeRoom(): void {
    const slowestFirst = [...this.#kept.values()].toSorted((one, other) => other.sumMillis - one.sumMillis)
    for (const shape of slowestFirst.slice(most / 2)) {
      shape.isKept = false
      this.#kept.delete(shape.fingerprint)
      this.#forgotten++
    }
  }
}
