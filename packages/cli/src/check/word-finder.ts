/** A word to look for in the bytes of a file. */
export interface Word {
  /** ASCII in lower case. It is found in upper case too. */
  readonly text: string
  /** Returns true if the word counts at this place. The end is the offset behind the word. */
  readonly counts: (bytes: Buffer, start: number, end: number) => boolean
}

/** Finds many words in one pass over the bytes of a text (Aho and Corasick), which no regular expression does. */
export class WordFinder {
  readonly #classOf = new Uint8Array(256)
  /** The state that follows a state, by the class of a byte. A state is the offset of its row. */
  readonly #next: Uint16Array
  /** From here on, words end in a state. */
  readonly #firstEnd: number
  /** The words that end in a state. */
  readonly #ends: ReadonlyMap<number, readonly Word[]>

  constructor(words: readonly Word[]) {
    const letters = [...new Set(words.flatMap(({ text }) => text.split('')))]
    for (const [index, letter] of letters.entries()) {
      this.#classOf[letter.charCodeAt(0)] = index + 1
      this.#classOf[letter.toUpperCase().charCodeAt(0)] = index + 1
    }
    const classes = letters.length + 1
    const { next, ends } = automatonOf(words, this.#classOf, classes)
    const order = [...ends.keys()].toSorted((one, other) => (ends[one] ?? []).length - (ends[other] ?? []).length)
    const offsets = new Map(order.map((state, index) => [state, index * classes]))
    const offsetOf = (state: number): number => offsets.get(state) ?? 0
    this.#next = Uint16Array.from(order.flatMap((state) => (next[state] ?? []).map(offsetOf)))
    this.#ends = new Map(ends.map((found, state) => [offsetOf(state), found]))
    this.#firstEnd = ends.filter((found) => found.length === 0).length * classes
  }

  /** Returns true if any of the words counts. */
  isIn(bytes: Buffer): boolean {
    const next = this.#next
    const firstEnd = this.#firstEnd
    const classOf = this.#classOf
    const { length } = bytes
    let state = 0
    for (let at = 0; at < length; at++) {
      state = next[state + classOf[bytes[at]!]!]!
      if (state >= firstEnd && this.#countsAt(state, bytes, at + 1)) return true
    }
    return false
  }

  #countsAt(state: number, bytes: Buffer, end: number): boolean {
    for (const { text, counts } of this.#ends.get(state) ?? []) if (counts(bytes, end - text.length, end)) return true
    return false
  }
}

interface Automaton {
  /** By state and class. */
  readonly next: number[][]
  readonly ends: Word[][]
}

function automatonOf(words: readonly Word[], classOf: Uint8Array, classes: number): Automaton {
  const automaton = trieOf(words, classOf, classes)
  const { next, ends } = automaton
  const fallback: number[] = [0]
  const queue = [0]
  for (const state of queue) {
    const row = next[state] ?? []
    for (let byte = 0; byte < classes; byte++) {
      const child = row[byte] ?? 0
      const other = state === 0 ? 0 : (next[fallback[state] ?? 0]?.[byte] ?? 0)
      if (child === 0) {
        row[byte] = other
        continue
      }
      fallback[child] = other
      ends[child]?.push(...(ends[other] ?? []))
      queue.push(child)
    }
  }
  return automaton
}

function trieOf(words: readonly Word[], classOf: Uint8Array, classes: number): Automaton {
  const next: number[][] = []
  const ends: Word[][] = []
  const addState = (): number => {
    ends.push([])
    return next.push(Array.from({ length: classes }, () => 0)) - 1
  }
  addState()
  for (const word of words) {
    let state = 0
    for (const letter of word.text) {
      const row = next[state] ?? []
      const byte = classOf[letter.charCodeAt(0)] ?? 0
      if (row[byte] === 0) row[byte] = addState()
      state = row[byte] ?? 0
    }
    ends[state]?.push(word)
  }
  return { next, ends }
}
