import { TextCache } from '../../sql/text-cache.ts'
import { Front } from '../../sql/recent-texts.ts'
import { normalise } from '../../sql/normalise.ts'
import { ownCopy } from '../../sql/own-copy.ts'
import { SeenAgain } from './seen-again.ts'
import { formOfShown, shownOf } from './shape-form.ts'
import { Shape } from './shape.ts'

/**
 * Bytes for the texts seen last, each with its shape; and as many for their normal forms, and for what they have in
 * common.
 */
const textBytes = 524_288
/**
 * What no memory in front takes; one such text is remembered, of at most a million characters: an INSERT of as many
 * rows as fit.
 */
const long = 32_000
const longest = 1_000_000
/** Shapes that are kept with their counts: some 1 kB each. */
const most = 1000

/** What the process has sent, by shape, in bounded memory. */
export class Shapes {
  readonly #front = new Front<Shape>(textBytes)
  readonly #behind = new TextCache<Shape>(textBytes)
  readonly #byShown = new TextCache<Shape>(textBytes)
  readonly #seen = new SeenAgain(1024)
  readonly #seenLong = new SeenAgain(1)
  #long: { readonly text: string; readonly shape: Shape } | undefined
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
    // All need not be sorted for the first few of them: that takes a millisecond or two where the code has not run
    // before.
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

  /**
   * A look-up in front costs least, then one by the normal form, then one by the form; to make a shape costs as much as
   * ten of those. What comes once is not remembered as it came.
   */
  #find(sql: string): Shape {
    if (this.#long?.text === sql && this.#long.shape.isKept) return this.#long.shape
    const normal = normalise(sql)
    const known = this.#behind.get(normal)
    const shape = this.#keep(known ?? this.#byTokens(normal))
    const isAgain = this.#isAgain(sql, normal)
    if (isAgain) this.#remember(sql, shape)
    if (known !== shape && (isAgain || normal !== sql)) this.#behind.set(normal, shape)
    return shape
  }

  /**
   * What is mostly a list is found by its normal form in less time than a copy of it takes; of the longest texts only
   * one is remembered.
   */
  #isAgain(sql: string, normal: string): boolean {
    if (sql.length > long) return this.#seenLong.ask(sql)
    return sql.length <= 2 * normal.length && this.#seen.ask(sql)
  }

  #byTokens(normal: string): Shape {
    const shown = shownOf(normal)
    const known = this.#byShown.get(shown)
    if (known?.isKept === true) return known
    const shape = this.#keep(new Shape(formOfShown(shown)))
    this.#byShown.set(shown, shape)
    return shape
  }

  #remember(sql: string, shape: Shape): void {
    if (sql.length <= long) this.#front.set(sql, shape)
    else if (sql.length <= longest) this.#long = { text: ownCopy(sql), shape }
  }

  #keep(shape: Shape): Shape {
    const same = this.#kept.get(shape.fingerprint)
    if (same !== undefined) return same
    if (this.#kept.size >= most) this.#makeRoom()
    this.#kept.set(shape.fingerprint, shape)
    shape.isKept = true
    return shape
  }

  /**
   * Half of them go at once, those that took the least time: to look for the one least would take as long each time.
   */
  #makeRoom(): void {
    const slowestFirst = [...this.#kept.values()].toSorted((one, other) => other.sumMillis - one.sumMillis)
    for (const shape of slowestFirst.slice(most / 2)) {
      shape.isKept = false
      this.#kept.delete(shape.fingerprint)
      this.#forgotten++
    }
  }
}
