/** What an entry costs beside its text: two map slots and the analysis (measured: 161-165 bytes at 85 characters). */
const entryBytes = 160

/** Places of the front, a power of two. */
const frontPlaces = 512

interface Entry<Value> {
  readonly text: string
  readonly value: Value
}

/**
 * A cache by text, bounded in bytes. Two generations instead of a linked list: a hit costs one look-up, and only a
 * hit in the old generation moves anything. When the young one is full it becomes the old one.
 *
 * A query builder makes a new string each time, of which a map first hashes every character (some 1.2 ns each). So the
 * texts seen last stand in front, found by a few of their characters and then compared as a whole, a word at a time.
 */
export class TextCache<Value> {
  #young = new Map<string, Value>()
  #old = new Map<string, Value>()
  #youngBytes = 0
  readonly #front: (Entry<Value> | undefined)[] = Array.from({ length: frontPlaces })
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
    const place = placeOf(text)
    const front = this.#front[place]
    if (front !== undefined && front.text === text) return front.value
    const value = this.#young.get(text) ?? this.#promote(text)
    if (value !== undefined) this.#front[place] = { text, value }
    return value
  }

  set(text: string, value: Value): void {
    const bytes = entryBytes + 2 * text.length + this.#bytesOf(value)
    // One text may not push out everything else.
    if (bytes > this.#generationBytes / 4) return
    if (this.#youngBytes + bytes > this.#generationBytes) this.#turn()
    this.#young.set(text, value)
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
    // The front may keep nothing alive that the generations have let go.
    this.#front.fill(undefined)
  }
}

/** The length and four characters: enough to tell most statements of one application apart. */
function placeOf(text: string): number {
  const { length } = text
  const quarter = length >> 2
  let hash = length
  hash = (hash * 31 + text.charCodeAt(quarter)) | 0
  hash = (hash * 31 + text.charCodeAt(2 * quarter)) | 0
  hash = (hash * 31 + text.charCodeAt(3 * quarter)) | 0
  hash = (hash * 31 + text.charCodeAt(length - 1)) | 0
  return (hash ^ (hash >>> 9)) & (frontPlaces - 1)
}
