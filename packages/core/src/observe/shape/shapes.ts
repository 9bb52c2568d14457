import { TextCache } from '../../sql/text-cache.ts'
import { Front } from '../../sql/recent-texts.ts'
import { normalise } from '../../sql/normalise.ts'
import { ownCopy } from '../../sql/own-copy.ts'
import { SeenAgain } from './seen-again.ts'
import { formOfShown, shownOf } from './shape-form.ts'
import { Shape } from './shape.ts'

/**
 * Bytes for the most recent texts with their shapes, and again as many each for normal forms and for forms.
 */
const textBytes = 524_288
/**
 * Texts longer than this are not cached. Only the last one is remembered, up to a million characters: an INSERT of many
 * rows.
 */
const long = 32_000
const longest = 1_000_000
/** Number of shapes that are kept with their counts; about 1 kB each. */
const most = 1000

/** The statements of the process by shape, in bounded memory. */
export class Shapes {
  readonly #front = new Front<Shape>(textBytes)
  readonly #behind = new TextCache<Shape>(textBytes)
  readonly #byShown = new TextCache<Shape>(textBytes)
  readonly #seen = new SeenAgain(1024)
  readonly #seenLong = new SeenAgain(1)
  #long: { readonly text: string; readonly shape: Shape } | undefined
  readonly #kept = new Map<string, Shape>()
  #forgotten = 0

  /** Returns the shape of a text. */
  of(sql: string): Shape {
    const known = this.#front.get(sql)
    return known?.isKept === true ? known : this.#find(sql)
  }

  /** Returns the shapes with the largest total time. */
  slowest(count: number): Shape[] {
    const found: Shape[] = []
    // Only the first few are needed. Sorting all of them takes one to two milliseconds while the code is cold.
    for (const shape of this.#kept.values()) {
      const last = found.at(-1)
      if (last !== undefined && found.length >= count && last.sumMillis >= shape.sumMillis) continue
      found.splice(found.findLastIndex((other) => other.sumMillis >= shape.sumMillis) + 1, 0, shape)
      if (found.length > count) found.pop()
    }
    return found
  }

  /** Number of shapes that are kept. */
  get size(): number {
    return this.#kept.size
  }

  /** Number of shapes that were evicted. Only the totals include their counts. */
  get forgotten(): number {
    return this.#forgotten
  }

  /**
   * The lookup by text is the cheapest, followed by normal form and form. Creating a shape costs as much as ten
   * lookups. A text that occurs once is not cached by text.
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
   * A text that is mostly a list is found faster by its normal form than it is copied. Of the longest texts only one is
   * remembered.
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
   * Evicts the half with the least total time, because finding the single smallest one would take as long every time.
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
