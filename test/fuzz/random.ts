/**
 * Random numbers that depend on the seed and the index of a text alone, so that a text can be made again without
 * those before it and whichever worker makes it (xoroshiro64**, by Blackman and Vigna).
 */
export class Random {
  #a: number
  #b: number

  constructor(seed: number, index: number) {
    this.#a = mixed(seed ^ mixed(index))
    this.#b = mixed(this.#a ^ index) | 1
  }

  /** A whole number from 0 to `end` - 1. */
  below(end: number): number {
    return Math.floor((this.#next() / 2 ** 32) * end)
  }

  /** Returns true if something happens that has this probability (0 to 1). */
  chance(probability: number): boolean {
    return this.#next() < probability * 2 ** 32
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }

  #next(): number {
    const result = Math.imul(rotated(Math.imul(this.#a, 0x9e3779bb), 5), 5) >>> 0
    const b = this.#b ^ this.#a
    this.#a = rotated(this.#a, 26) ^ b ^ (b << 9)
    this.#b = rotated(b, 13)
    return result
  }
}

function rotated(bits: number, by: number): number {
  return (bits << by) | (bits >>> (32 - by))
}

/** Spreads each bit over all (the finalizer of MurmurHash3). */
function mixed(bits: number): number {
  const once = Math.imul(bits ^ (bits >>> 16) ^ 0x6a09e667, 0x85ebca6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
  return twice ^ (twice >>> 16)
}
