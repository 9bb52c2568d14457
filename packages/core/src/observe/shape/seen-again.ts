/** Characters: of a longer text, about as many are looked at. */
const most = 256

/**
 * Whether a text has come a short while ago: one that comes once, with a trace id or a number in it, is not worth a
 * copy. It may be wrong, for texts that differ only in characters that are not looked at.
 */
export class SeenAgain {
  readonly #marks: Int32Array

  /** @param places how many texts it remembers at most, a power of two */
  constructor(places: number) {
    this.#marks = new Int32Array(places)
  }

  /** Whether it was asked for the same text before. */
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
