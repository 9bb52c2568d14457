import { ownCopy } from './own-copy.ts'

/** The bytes of an entry in addition to its text: two map slots and the analysis (161-165 bytes at 85 characters). */
const entryBytes = 160

/**
 * A cache by text, bounded in bytes. Two generations instead of a linked list: a hit costs one look-up, and only a
 * hit in the old generation moves anything. When the young one is full it becomes the old one.
 */
export class TextCache<Value> {
  #young = new Map<string, Value>()
  #old = new Map<string, Value>()
  #youngBytes = 0
  readonly #generationBytes: number
  readonly #bytesOf: (value: Value) => number

  /**
   * @param maxBytes an upper bound of the memory held, `0` to keep nothing
   * @param bytesOf what a value holds that other texts do not share
   */
  constructor(maxBytes: number, bytesOf: (value: Value) => number = () => 0) {
    this.#generationBytes = maxBytes / 2
    this.#bytesOf = bytesOf
  }

  get(text: string): Value | undefined {
    return this.#young.get(text) ?? this.#promote(text)
  }

  set(text: string, value: Value): void {
    const bytes = entryBytes + 2 * text.length + this.#bytesOf(value)
    // One text may not push out everything else.
    if (bytes > this.#generationBytes / 4) return
    if (this.#youngBytes + bytes > this.#generationBytes) this.#turn()
    this.#young.set(ownCopy(text), value)
    this.#youngBytes += bytes
  }

  #promote(text: string): Value | undefined {
    const value = this.#old.get(text)
    if (value !== undefined) this.set(text, value)
    return value
  }

  #turn(): void {
    this.#old = this.#young
    this.#young = new Map()
    this.#youngBytes = 0
  }
}
