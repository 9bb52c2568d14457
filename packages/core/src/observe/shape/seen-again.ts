/** Number of characters that are hashed; a longer text is sampled at about as many positions. */
const most = 256

/**
 * Remembers recently seen texts approximately. A text that occurs once, with a trace id or a number in it, is not worth
 * a copy. Texts that differ only in characters that are not sampled count as equal.
 */
export class SeenAgain {
  readonly #marks: Int32Array

  /** @param places the number of texts to remember at most, a power of two */
  constructor(places: number) {
    this.#marks = new Int32Array(places)
  }

  /** Returns true if it was asked for the same text before. */
  ask(text: string): boolean {
    const mark = markOf(text)
    const place = (mark >>> 8) & (this.#marks.length - 1)
    if (this.#marks[place] === mark) return true
    this.#marks[place] = mark
    return false
  }
}

function markOf(text: string): number {
  const { length } = text
  const step = Math.floor(length / most) + 1
  let mark = length
  for (let at = length - 1; at >= 0; at -= step) mark = (Math.imul(mark, 31) + text.charCodeAt(at)) | 0
  return Math.imul(mark ^ (mark >>> 15), 0x2c1b3c6d)
}
