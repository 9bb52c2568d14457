import { ownCopy } from './own-copy.ts'

/** Places, a power of two. */
const places = 2048

/** The bytes of an entry in addition to its text. */
const entryBytes = 48

/** A longer text would push out too many others. As a part of all bytes. */
const largestPart = 1 / 8

interface Entry<Value> {
  readonly text: string
  readonly value: Value
  readonly bytes: number
}

/**
 * The texts seen last, bounded in bytes. A query builder makes a new string each time, of which a map first hashes
 * every character, which takes as long as the scan. Here a text is found by a few of its characters and then compared
 * as a whole, a word at a time. Each place has a neighbour, to which a text moves when another one takes its place: of
 * three hundred texts many share a place with another, and hardly any with two. What is lost is looked at anew.
 */
export class Front<Value> {
  readonly #entries: (Entry<Value> | undefined)[] = Array.from({ length: places })
  readonly #maxBytes: number
  #bytes = 0

  readonly #bytesOf: (value: Value) => number

  /**
   * @param maxBytes an upper bound of the memory held, `0` to keep nothing
   * @param bytesOf what a value holds that nothing else shares
   */
  constructor(maxBytes: number, bytesOf: (value: Value) => number = () => 0) {
    this.#maxBytes = maxBytes
    this.#bytesOf = bytesOf
  }

  get(text: string): Value | undefined {
    const place = placeOf(text)
    const entry = this.#entries[place]
    if (entry !== undefined && entry.text === text) return entry.value
    const neighbour = this.#entries[place ^ 1]
    return neighbour !== undefined && neighbour.text === text ? neighbour.value : undefined
  }

  set(text: string, value: Value): void {
    const bytes = entryBytes + 2 * text.length + this.#bytesOf(value)
    if (bytes > this.#maxBytes * largestPart) return
    const place = placeOf(text)
    const before = this.#entries[place]
    const isMoved = before !== undefined && before.text !== text
    this.#bytes += bytes - ((isMoved ? this.#entries[place ^ 1] : before)?.bytes ?? 0)
    if (this.#bytes > this.#maxBytes) {
      this.#entries.fill(undefined)
      this.#bytes = bytes
    } else if (isMoved) this.#entries[place ^ 1] = before
    this.#entries[place] = { text: ownCopy(text), value, bytes }
  }
}

/** The length and about 32 characters, which distinguish most statements of one application. */
function placeOf(text: string): number {
  const { length } = text
  const step = (length >> 5) + 1
  let hash = length
  for (let at = length - 1; at >= 0; at -= step) hash = (hash * 31 + text.charCodeAt(at)) | 0
  // Hashes that differ in their upper bits alone must differ in the lower ones too. A final multiplication does that.
  return (Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 8) & (places - 1)
}
